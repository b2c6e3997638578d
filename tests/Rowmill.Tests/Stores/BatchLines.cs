using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

/// <summary>Short ways to write batches and what comes of their lines.</summary>
internal static class BatchLines
{
    public static readonly Lease Held = new("songs", "run-1", 1);

    /// <summary>A line whose rows are ten times its number and the ones after that.</summary>
    public static BatchLine Line(int number, int rows = 2, string past = "") =>
        new(number, [.. Enumerable.Range(10 * number, rows).Select(Key)], [.. Enumerable.Range(1, rows).Select(r => number + (100_000 * r))], new TokenUsage(1000 + number, 3, 500))
        {
            Past = Encoding.UTF8.GetBytes(past),
        };

    public static BatchRecord Batch(string name = "b-1", int lines = 3, BatchPhase phase = BatchPhase.Prepared) => new()
    {
        Name = name,
        Job = "songs",
        Question = "question",
        Route = "a/x@http://one",
        Phase = phase,
        Lines = lines,
        Rows = 2 * lines,
        Bytes = 12_345_678_901,
        Sha256 = new string('a', 64),
        Reserved = new TokenUsage(3_000_000_000, 9, 1_500),
        MaxUsd = 0.3m,
        PreparedAt = Noon,
    };

    /// <summary>Adds lines 1 to n and saves their record.</summary>
    public static async Task<BatchRecord> AddAsync(this IBatchStore store, BatchRecord batch, Lease? lease = null)
    {
        await store.AddLinesAsync(lease ?? Held, batch.Name, [.. Enumerable.Range(1, batch.Lines).Select(n => Line(n))]);
        await store.SaveAsync(lease ?? Held, batch);
        return batch;
    }

    /// <summary>The call that a line was.</summary>
    public static CallIntent Call(int line, string batch = "b-1", string rest = "", decimal? usd = 0.1m) =>
        Intent([.. Enumerable.Range(10 * line, 2)]) with { MaxUsd = usd, Place = new BatchPlace(batch, line) { Rest = Encoding.UTF8.GetBytes(rest) } };

    /// <summary>The outcomes that a line brought.</summary>
    public static OutcomePack PackOf(CallIntent call, params RowOutcome[] rows) => Pack(rows) with { Call = call, Settlement = Settlement(0) };

    public static async Task<IReadOnlyList<int>> OpenAsync(this IBatchStore store, string batch = "b-1") =>
        [.. (await store.OpenLinesAsync(batch).ToListAsync()).Select(l => l.Number)];

    public static async Task<IReadOnlyList<string>> LeftAsync(this IBatchStore store, string question = "question", string job = "songs") =>
        [.. (await store.RestsAsync(job, question).ToListAsync()).Select(r => $"{r.Batch} {r.Line} {Encoding.UTF8.GetString(r.Rest.Span)}")];
}
