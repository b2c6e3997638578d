using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Stores;

/// <summary>Short ways to write what goes into a store.</summary>
internal static class Packs
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A row's key; far apart for numbers that are near.</summary>
    public static RowKey Key(int row) => new((ulong)(row + 1) * 0x9E3779B97F4A7C15, (ulong)(row + 1) * 0xC2B2AE3D27D4EB4F);

    public static RowOutcome Answer(int row, string json = """{"mood":"High"}""", int attempt = 1) =>
        new(Key(row), OutcomeKind.Answered, Encoding.UTF8.GetBytes(json), attempt);

    public static RowOutcome Abstain(int row, string why = "no lyrics") =>
        new(Key(row), OutcomeKind.Abstained, Encoding.UTF8.GetBytes($"\"{why}\""), 1);

    public static RowOutcome Fail(int row, string reason = "wrong_form", int attempt = 1) =>
        new(Key(row), OutcomeKind.Failed, Encoding.UTF8.GetBytes($$"""{"reason":"{{reason}}"}"""), attempt);

    public static OutcomePack Pack(params RowOutcome[] rows) => new()
    {
        Job = "songs",
        RunId = "run-1",
        Question = "question",
        Route = "a/x@http://one",
        CallId = 0,
        At = Noon,
        Rows = rows,
        Lease = new Lease("songs", "run-1", 1),
    };

    public static CallIntent Intent(params int[] rows) => new()
    {
        Job = "songs",
        RunId = "run-1",
        Question = "question",
        Route = "a/x@http://one",
        At = Noon,
        Rows = [.. rows.Select(Key)],
        Reserved = new TokenUsage(1000, 0, 500),
        MaxUsd = 0.5m,
        Lease = new Lease("songs", "run-1", 1),
    };

    public static CallSettlement Settlement(long call, decimal? usd = 0.2m, int goodRows = 1) => new()
    {
        CallId = call,
        At = Noon.AddSeconds(2),
        GoodRows = goodRows,
        Usage = new TokenUsage(900, 100, 300),
        Usd = usd,
        Latency = TimeSpan.FromMilliseconds(700),
    };

    public static async Task<StoredOutcome?[]> FindAsync(this IAnswerStore store, AnswerScope scope, params int[] rows)
    {
        var found = new StoredOutcome?[rows.Length];
        await store.FindAsync(scope, rows.Select(Key).ToArray(), found);
        return found;
    }

    public static string Text(this StoredOutcome? outcome) => outcome is null ? "" : Encoding.UTF8.GetString(outcome.Json.Span);
}
