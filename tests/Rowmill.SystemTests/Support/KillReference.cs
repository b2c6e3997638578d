using System.Text.Json;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>The answers of a run that nobody killed. The simulator answers a row by its content and the seed, so they are every case's.</summary>
internal sealed record KillReference(IReadOnlyList<IReadOnlyList<string>> Table, IReadOnlyDictionary<string, string> Lines)
{
    public const int Seed = 11;

    /// <summary>Asks them.</summary>
    /// <param name="rows">As many as the largest table has.</param>
    public static async Task<KillReference> AskAsync(int rows)
    {
        await using var shop = new Workshop();
        shop.WriteSongs(rows);
        shop.WriteJob(await shop.SimulateAsync(new SimulatorOptions { Seed = Seed }), new JobText { Pack = 20 });
        (await shop.RunAsync("run", "songs.yaml", "--json")).Ended(0);
        (await shop.RunAsync("export", "songs.yaml", "--output", "rows.jsonl", "--json")).Ended(0);
        var lines = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(shop.PathOf("rows.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            lines.Add(document.RootElement.GetProperty("title").GetString()!, line);
        }

        return new KillReference(CsvTable.Parse(shop.Read("out.csv")), lines);
    }
}
