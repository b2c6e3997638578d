using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>What a simulator's ledger says about songs.</summary>
internal static class Ledgers
{
    /// <summary>The titles of a request's rows.</summary>
    public static IReadOnlyList<string> Titles(this LedgerEntry entry) => [.. entry.Rows.Select(Title)];

    /// <summary>The titles of all requests' rows, repeats included.</summary>
    public static IReadOnlyList<string> Titles(this IReadOnlyList<LedgerEntry> entries) => [.. entries.SelectMany(e => e.Titles())];

    /// <summary>How many accepted requests have ended.</summary>
    public static int Ended(this SimulatorServer server) => server.Ledger.Count(e => e.Outcome != "pending");

    /// <summary>The value of one of a summary's counts.</summary>
    public static long Count(this JsonElement document, string group, string name) => document.GetProperty(group).GetProperty(name).GetInt64();

    private static string Title(string row)
    {
        using var document = JsonDocument.Parse(row);
        return document.RootElement.GetProperty("title").GetString()!;
    }
}
