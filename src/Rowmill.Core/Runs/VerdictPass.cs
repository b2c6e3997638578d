using System.Text.Json;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// One pass over the source that joins every row with what the store knows of it, by the row's key: it writes the output and counts
/// where the rows stand. Holds one chunk of rows.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="judge">Judges the rows; belongs to this pass.</param>
/// <param name="answers">The store.</param>
/// <param name="scope">Which stored outcomes count.</param>
/// <param name="runId">The present run: answers of others came from the cache; null when there is none.</param>
/// <param name="receipts">Writes a receipt for each outcome; null for none.</param>
internal sealed class VerdictPass(
    IRowSource source, RowJudge judge, IAnswerStore answers, AnswerScope scope, string? runId, ReceiptBook? receipts = null)
{
    private const int ChunkRows = 1024;
    private const int ChunkBytes = 1 << 20;

    private readonly List<(Row Row, Judgement Judgement)> _chunk = new(ChunkRows);
    private readonly RowKey[] _keys = new RowKey[ChunkRows];
    private readonly StoredOutcome?[] _found = new StoredOutcome?[ChunkRows];
    private readonly RowReceipt?[] _receipts = new RowReceipt?[receipts is null ? 0 : ChunkRows];
    private RowCounts _counts = new(0, 0, 0, 0, 0, 0, 0);

    /// <summary>Makes the pass.</summary>
    /// <param name="sink">Receives every row; null to count only. The caller completes it.</param>
    /// <param name="options">Which rows are counted; all are written.</param>
    /// <param name="wanted">Which rows are looked at, by their content and key; null for all.</param>
    /// <param name="cancellationToken">Gives the pass up.</param>
    /// <returns>The rows counted.</returns>
    public async ValueTask<RowCounts> RunAsync(
        IRowSink? sink, RunOptions options, Func<Row, RowKey, bool>? wanted, CancellationToken cancellationToken)
    {
        var bytes = 0;
        await foreach (var row in source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var judgement = judge.Judge(row);
            if (wanted?.Invoke(row, judgement.Shown.Key) == false) continue;
            _chunk.Add((row, judgement));
            bytes += row.Size;
            if (_chunk.Count < ChunkRows && bytes < ChunkBytes) continue;
            await FlushAsync(sink, options, cancellationToken).ConfigureAwait(false);
            bytes = 0;
        }

        await FlushAsync(sink, options, cancellationToken).ConfigureAwait(false);
        return _counts;
    }

    private async ValueTask FlushAsync(IRowSink? sink, RunOptions options, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _chunk.Count; i++) _keys[i] = _chunk[i].Judgement.Shown.Key;
        await answers.FindAsync(scope, _keys.AsMemory(0, _chunk.Count), _found.AsMemory(0, _chunk.Count), cancellationToken).ConfigureAwait(false);
        if (receipts is not null) await receipts.WriteAsync(_keys.AsMemory(0, _chunk.Count), _found.AsMemory(0, _chunk.Count), _receipts, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < _chunk.Count; i++)
        {
            var (row, judgement) = _chunk[i];
            var verdict = Verdict(judgement, _found[i], runId) with { Key = _keys[i] };
            if (receipts is not null && verdict.Status is not (RowStatus.Invalid or RowStatus.Pending)) verdict = verdict with { Receipt = _receipts[i] };
            if (options.Counts(row.Index)) Count(verdict);
            if (sink is not null) await sink.WriteAsync(row, verdict, cancellationToken).ConfigureAwait(false);
            _found[i] = null;
        }

        _chunk.Clear();
    }

    /// <summary>What a row's judgement and its stored outcome make of it.</summary>
    /// <param name="judgement">What the job says of it.</param>
    /// <param name="found">What the store knows of it.</param>
    /// <param name="runId">The present run; null when there is none.</param>
    public static RowVerdict Verdict(Judgement judgement, StoredOutcome? found, string? runId)
    {
        if (judgement.Invalid is not null && !(judgement.IsTooLarge && found is not null)) return new RowVerdict(RowStatus.Invalid, judgement.Invalid, default);
        if (found is null) return new RowVerdict(RowStatus.Pending, null, default);
        var verdict = found.Kind switch
        {
            OutcomeKind.Answered => new RowVerdict(RowStatus.Answered, null, found.Json),
            OutcomeKind.Abstained => new RowVerdict(RowStatus.Abstained, Text(found.Json), default),
            _ => new RowVerdict(RowStatus.Failed, Reason(found.Json), default),
        };
        return verdict with { FromCache = found.RunId != runId };
    }

    private static string Text(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetString() ?? "";
    }

    private static string Reason(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return $"{document.RootElement.GetProperty("reason"u8).GetString()}: {document.RootElement.GetProperty("detail"u8).GetString()}";
    }

    private void Count(RowVerdict verdict)
    {
        var cached = verdict.FromCache && verdict.Status is RowStatus.Answered or RowStatus.Abstained ? 1 : 0;
        _counts = verdict.Status switch
        {
            RowStatus.Answered => _counts with { Answered = _counts.Answered + 1 },
            RowStatus.Abstained => _counts with { Abstained = _counts.Abstained + 1 },
            RowStatus.Invalid => _counts with { Invalid = _counts.Invalid + 1 },
            RowStatus.Failed => _counts with { Failed = _counts.Failed + 1 },
            _ => _counts with { Pending = _counts.Pending + 1 },
        };
        _counts = _counts with { Total = _counts.Total + 1, FromCache = _counts.FromCache + cached };
    }
}
