using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>Where a batch stands with us. The names, in snake_case, are stored.</summary>
public enum BatchPhase
{
    /// <summary>Its file is written; nothing was sent.</summary>
    Prepared,

    /// <summary>It is being sent: where a run ends here, nobody knows whether the service has it.</summary>
    Submitting,

    /// <summary>The service has it.</summary>
    Submitted,

    /// <summary>It was handed to another machine as a file.</summary>
    Handed,

    /// <summary>It is over and every line of it has ended.</summary>
    Ended,

    /// <summary>It was never sent and never will be.</summary>
    Dropped,
}

/// <summary>A batch job: our own record, written before anything is sent and after every step.</summary>
public sealed record BatchRecord
{
    /// <summary>Our own name, unique: letters, digits and hyphens, at most 48. The service's name of it, the beginning of its lines' ids, its files' name.</summary>
    public required string Name { get; init; }

    /// <summary>The job.</summary>
    public required string Job { get; init; }

    /// <summary>Fingerprint of the question.</summary>
    public required string Question { get; init; }

    /// <summary><see cref="Route.Id"/>.</summary>
    public required string Route { get; init; }

    /// <summary>Where it stands.</summary>
    public required BatchPhase Phase { get; init; }

    /// <summary>1-based stage of the job's rollout; 0 when it has none, or for what goes after the last.</summary>
    public int Stage { get; init; }

    /// <summary>Requests in its file.</summary>
    public required int Lines { get; init; }

    /// <summary>Rows in them.</summary>
    public required int Rows { get; init; }

    /// <summary>Bytes of its file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Checksum of its file, 64 hexadecimal digits in lower case.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Tokens reserved: the prompts as estimated and the output limits.</summary>
    public required TokenUsage Reserved { get; init; }

    /// <summary>What it costs at most, in USD; null without a price.</summary>
    public required decimal? MaxUsd { get; init; }

    /// <summary>When its file was written.</summary>
    public required DateTimeOffset PreparedAt { get; init; }

    /// <summary>When it was sent, or was about to be; null before.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>When every line of it had ended; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Where its upload can go on; null when there is none.</summary>
    public string? UploadSession { get; init; }

    /// <summary>What the service calls its uploaded file; null before.</summary>
    public string? Upload { get; init; }

    /// <summary>What the service calls it; null before it is known.</summary>
    public string? ServiceId { get; init; }

    /// <summary>The service's last word of it; null before it has said any.</summary>
    public BatchTold? Told { get; init; }

    /// <summary>Checksums of its fetched result files by file name; empty before.</summary>
    public IReadOnlyDictionary<string, string> Results { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Rows in lines that the service took through, as its results say; 0 before.</summary>
    public int AskedRows { get; init; }

    /// <summary>Of them those with a valid answer or abstention.</summary>
    public int GoodRows { get; init; }

    /// <summary>One line for people: why it failed or was dropped; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>
    /// True when the service may have it without our knowing, once nobody is sending it any more: then it may be paid for. It is made after its upload is
    /// stored, so one without an upload was never made.
    /// </summary>
    public bool IsInDoubt => Phase == BatchPhase.Submitting && Upload is not null;
}

/// <summary>What a service told of a batch.</summary>
/// <param name="Word">Its own word for the state.</param>
/// <param name="At">When it told it.</param>
public sealed record BatchTold(string Word, DateTimeOffset At)
{
    /// <summary>Requests answered; null when it does not say.</summary>
    public long? Succeeded { get; init; }

    /// <summary>Requests failed; null when it does not say.</summary>
    public long? Failed { get; init; }

    /// <summary>When it gives it up; null when it does not say.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Until when results can be fetched; null when it does not say.</summary>
    public DateTimeOffset? ResultsUntil { get; init; }

    /// <summary>True when it is over there.</summary>
    public bool IsOver { get; init; }
}

/// <summary>One request of a batch.</summary>
/// <param name="Number">1-based place in the file.</param>
/// <param name="Rows">The rows in it, in the order of their ids.</param>
/// <param name="Tokens">Estimated tokens of the rows' fields, one by one.</param>
/// <param name="Reserved">Prompt tokens as estimated, and the output limit.</param>
public sealed record BatchLine(int Number, IReadOnlyList<RowKey> Rows, IReadOnlyList<int> Tokens, TokenUsage Reserved)
{
    /// <summary>What its rows had been through before, as the engine writes it (JSON); empty for nothing.</summary>
    public ReadOnlyMemory<byte> Past { get; init; }
}

/// <summary>Which line of which batch a call was.</summary>
/// <param name="Batch"><see cref="BatchRecord.Name"/>.</param>
/// <param name="Line"><see cref="BatchLine.Number"/>.</param>
public sealed record BatchPlace(string Batch, int Line)
{
    /// <summary>What is left of the line to be asked in another batch, as the engine writes it (JSON); empty when nothing is.</summary>
    public ReadOnlyMemory<byte> Rest { get; init; }
}

/// <summary>What is left of a line that has ended, to be asked again.</summary>
/// <param name="Batch"><see cref="BatchRecord.Name"/>.</param>
/// <param name="Line"><see cref="BatchLine.Number"/>.</param>
/// <param name="Rest"><see cref="BatchPlace.Rest"/>.</param>
public sealed record BatchRest(string Batch, int Line, ReadOnlyMemory<byte> Rest);

/// <summary>
/// Port: the batch jobs and which rows are in their lines. A line is open until its outcome is stored with <see cref="ICallLedger.RecordAsync"/> or
/// <see cref="OutcomePack.Call"/>, which end it in the same transaction, or until <see cref="CloseAsync"/>.
/// </summary>
public interface IBatchStore
{
    /// <summary>Stores lines of a batch whose record follows with <see cref="SaveAsync"/>. Until then they count for nothing.</summary>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask AddLinesAsync(Lease lease, string batch, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken = default);

    /// <summary>Stores a record, new or changed. When it completes it is on the disk: a power cut does not undo it.</summary>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask SaveAsync(Lease lease, BatchRecord batch, CancellationToken cancellationToken = default);

    /// <summary>The batches of a job, in the order they were first stored.</summary>
    ValueTask<IReadOnlyList<BatchRecord>> ReadAsync(string job, CancellationToken cancellationToken = default);

    /// <summary>Finds lines by number.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="numbers">Their numbers.</param>
    /// <param name="found">Receives, for each, the line when it is open, otherwise null; as long as <paramref name="numbers"/>.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    ValueTask FindLinesAsync(string batch, ReadOnlyMemory<int> numbers, Memory<BatchLine?> found, CancellationToken cancellationToken = default);

    /// <summary>Streams the open lines of a batch in their order.</summary>
    IAsyncEnumerable<BatchLine> OpenLinesAsync(string batch, CancellationToken cancellationToken = default);

    /// <summary>Streams what is left of the ended lines of a job's question, the oldest first.</summary>
    IAsyncEnumerable<BatchRest> RestsAsync(string job, string question, CancellationToken cancellationToken = default);

    /// <summary>Forgets rests: their rows are in the lines of a later batch now, or have ended.</summary>
    ValueTask ForgetRestsAsync(Lease lease, IReadOnlyList<BatchRest> rests, CancellationToken cancellationToken = default);

    /// <summary>Ends all open lines of a batch that were never taken through: their rows are free to be asked again.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask<int> CloseAsync(Lease lease, string batch, CancellationToken cancellationToken = default);

    /// <summary>How many lines of a batch, and rows in them, are open.</summary>
    ValueTask<(int Lines, int Rows)> CountOpenAsync(string batch, CancellationToken cancellationToken = default);

    /// <summary>The rows of the open lines of a job's question, in any order.</summary>
    IAsyncEnumerable<IReadOnlyList<RowKey>> OpenRowsAsync(string job, string question, CancellationToken cancellationToken = default);
}
