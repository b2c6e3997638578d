using System.Text.Json;

namespace Rowmill.SystemTests.Support;

/// <summary>One line of the store's ledger of calls.</summary>
internal sealed record CallLine(string Run, string State, string Outcome, int GoodRows)
{
    public bool Settled => State == "settled";
}

/// <summary>What a store holds, as the program tells it. A copy is asked, so that the next run finds the store as the kill left it.</summary>
/// <param name="Rows">Each ended row's line of a new export, by title.</param>
/// <param name="Answered">The titles of those that are answered.</param>
/// <param name="Calls">The ledger.</param>
/// <param name="State">The state of the last run; null when none has begun.</param>
internal sealed record StoreLook(
    IReadOnlyDictionary<string, string> Rows, IReadOnlySet<string> Answered, IReadOnlyList<CallLine> Calls, string? State)
{
    /// <summary>Nothing, as before the first run.</summary>
    public static StoreLook Empty { get; } =
        new(new Dictionary<string, string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), [], null);

    /// <summary>Calls that nobody knows the end of.</summary>
    public int Open => Calls.Count(c => !c.Settled);

    public static async Task<StoreLook> AtAsync(Workshop shop, DiskImage image, string folder, string name)
    {
        image.CopyTo(folder, shop.PathOf(name));
        string[] store = ["songs.yaml", "--store", $"{name}/rowmill.db", "--json"];
        var calls = (await shop.RunAsync(["calls", .. store])).Ended(0).Document().GetProperty("calls").EnumerateArray().Select(Call).ToList();
        var state = (await shop.RunAsync(["status", .. store])).Ended(0).Document().GetProperty("state").GetString();
        (await shop.RunAsync(["export", .. store, "--output", $"{name}/rows.jsonl"])).Ended(0);
        var rows = new Dictionary<string, string>(StringComparer.Ordinal);
        var answered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(shop.PathOf($"{name}/rows.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            var title = document.RootElement.GetProperty("title").GetString()!;
            var status = document.RootElement.GetProperty("ai_status").GetString();
            if (status != "pending") rows.Add(title, line);
            if (status == "answered") answered.Add(title);
        }

        return new StoreLook(rows, answered, calls, state);
    }

    private static CallLine Call(JsonElement call) => new(
        call.GetProperty("run_id").GetString()!,
        call.GetProperty("state").GetString()!,
        call.GetProperty("outcome").GetString()!,
        call.GetProperty("good_rows") is { ValueKind: JsonValueKind.Number } good ? good.GetInt32() : 0);
}
