using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Where a row stands.</summary>
public enum RowStatus
{
    /// <summary>Not yet asked, or not yet answered.</summary>
    Pending,

    /// <summary>The model answered and the answer is valid.</summary>
    Answered,

    /// <summary>The model said why it cannot answer.</summary>
    Abstained,

    /// <summary>The row failed the job's own check or fits no request; nothing was sent.</summary>
    Invalid,

    /// <summary>No valid answer could be had.</summary>
    Failed,
}

/// <summary>What is known of one row.</summary>
/// <param name="Status">Where it stands.</param>
/// <param name="Error">Why it is invalid, failed or abstained; null otherwise.</param>
/// <param name="Answer">The answer, one JSON object, UTF-8; empty unless answered.</param>
public readonly record struct RowVerdict(RowStatus Status, string? Error, ReadOnlyMemory<byte> Answer)
{
    /// <summary>True when a call of an earlier run brought what it is.</summary>
    public bool FromCache { get; init; }

    /// <summary>What the row is to the store; given by a pass over a job's rows.</summary>
    public RowKey Key { get; init; }

    /// <summary>Where its outcome came from; null without one, and where receipts were not asked for.</summary>
    public RowReceipt? Receipt { get; init; }
}

/// <summary>
/// Port: where labelled rows go, in source order. What it writes appears under its name only with <see cref="CompleteAsync"/>;
/// disposed before that, it leaves what was there.
/// </summary>
public interface IRowSink : IAsyncDisposable
{
    /// <summary>Writes one row: every source column untouched and in order, then what is known of it.</summary>
    ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default);

    /// <summary>Makes what was written visible under its name, at once and whole.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken = default);
}
