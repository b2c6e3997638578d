using System.Buffers;

namespace Rowmill.Core.Models;

/// <summary>
/// Port: the batch API of one route's service. Every method is one exchange, safe for concurrent use; none retries and none waits. What goes wrong is a
/// value; only the caller's cancellation is thrown, and what its own disk refuses.
/// </summary>
public interface IBatchClient
{
    /// <summary>What the service takes in one batch.</summary>
    BatchCaps Caps { get; }

    /// <summary>The best form of structured output this route can be expected to take.</summary>
    StructuredOutput StructuredOutput { get; }

    /// <summary>Writes one line of a request file, complete in itself, UTF-8, without the line break.</summary>
    /// <param name="line">Receives it.</param>
    /// <param name="id">The line's own id, letters, digits and hyphens, at most 64.</param>
    /// <param name="request">What is asked.</param>
    void WriteLine(IBufferWriter<byte> line, string id, ModelRequest request);

    /// <summary>Reads one line of a result file.</summary>
    /// <returns>The line's id and what came of it; null when it is no line of a result file.</returns>
    BatchAnswer? ReadLine(ReadOnlySpan<byte> line);

    /// <summary>
    /// Brings a request file to the service, or goes on with it where that broke off. A service that takes the requests with the batch itself has nothing
    /// to do.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="session">Where an earlier upload of this very file can go on; null when there was none.</param>
    /// <param name="remember">Is given what <paramref name="session"/> is to be next time, before anything that could break off.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The service's id of the file; empty where it wants none.</returns>
    ValueTask<BatchReply<string>> UploadAsync(BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken = default);

    /// <summary>Looks for an upload of this very file (name, size, and checksum where the service tells it) whose reply was lost.</summary>
    /// <returns>Its id; empty when there is none that could still be used.</returns>
    ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken = default);

    /// <summary>Creates a batch. It is not idempotent: twice is two batches.</summary>
    /// <param name="file">The request file.</param>
    /// <param name="upload">What <see cref="UploadAsync"/> returned.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken = default);

    /// <summary>Where a batch stands.</summary>
    /// <param name="id">The service's id of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<BatchReply<BatchStatus>> GetAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>One page of the account's batches, the newest first.</summary>
    /// <param name="cursor">The page after another's <see cref="BatchPage.Next"/>; null for the first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<BatchReply<BatchPage>> ListAsync(string? cursor, CancellationToken cancellationToken = default);

    /// <summary>Asks for a batch to be cancelled; what has been answered by then stays.</summary>
    ValueTask<BatchReply<BatchStatus>> CancelAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Streams one of a batch's result files to the end of a stream.</summary>
    /// <returns>The bytes written; a failure may come after some were.</returns>
    ValueTask<BatchReply<BatchDownload>> DownloadAsync(BatchResultFile file, Stream to, CancellationToken cancellationToken = default);
}

/// <summary>What a service takes in one batch.</summary>
/// <param name="Lines">Requests.</param>
/// <param name="Bytes">Bytes of the file.</param>
public sealed record BatchCaps(int Lines, long Bytes)
{
    /// <summary>Batches at once; null where no number is known.</summary>
    public int? Concurrent { get; init; }

    /// <summary>True when the service keeps the name a batch is created with, so that it can be found again in the list.</summary>
    public bool KeepsName { get; init; } = true;

    /// <summary>Within what time the service means to be done.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long results can be fetched after the batch was created, where the service does not tell it for each; null when unknown.</summary>
    public TimeSpan? ResultsKept { get; init; }
}

/// <summary>A request file on this machine.</summary>
/// <param name="Name">Our own name of the batch: the name it is created with, and what the ids of its lines begin with.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="Lines">Requests in it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Its checksum, 64 hexadecimal digits in lower case.</param>
public sealed record BatchFile(string Name, string Path, int Lines, long Bytes, string Sha256);

/// <summary>What came of one exchange: a value or a failure, never both.</summary>
public sealed record BatchReply<T>
    where T : class
{
    /// <summary>The value.</summary>
    public T? Value { get; init; }

    /// <summary>Why there is none.</summary>
    public ModelFailure? Failure { get; init; }

    /// <summary>What the service said of its windows; <see cref="LimitNames.EnqueuedTokens"/> when it named that limit.</summary>
    public IReadOnlyList<LimitReading> Limits { get; init; } = [];
}

/// <summary>Where a batch stands with its service.</summary>
public enum BatchState
{
    /// <summary>A word that is not known: taken for one that is still under way, and told.</summary>
    Unknown,

    /// <summary>Waiting to begin, or being checked.</summary>
    Pending,

    /// <summary>Under way, its results being written included.</summary>
    Running,

    /// <summary>It has been asked to stop and has not yet.</summary>
    Cancelling,

    /// <summary>Over: every request was taken through, well or not.</summary>
    Completed,

    /// <summary>Over: it was refused as a whole, or broke.</summary>
    Failed,

    /// <summary>Over: its time was up. It may hold paid results.</summary>
    Expired,

    /// <summary>Over: cancelled. It may hold paid results.</summary>
    Cancelled,
}

/// <summary>A batch as its service tells it.</summary>
/// <param name="Id">The service's id.</param>
/// <param name="State">Where it stands.</param>
public sealed record BatchStatus(string Id, BatchState State)
{
    /// <summary>The service's own word for its state.</summary>
    public required string Word { get; init; }

    /// <summary>The name it was created with; null where the service keeps none, or where it was created by others without one.</summary>
    public string? Name { get; init; }

    /// <summary>Requests in it; null when the service does not say.</summary>
    public long? Total { get; init; }

    /// <summary>Requests that were answered so far; null when the service does not say.</summary>
    public long? Succeeded { get; init; }

    /// <summary>Requests that failed so far; null when the service does not say.</summary>
    public long? Failed { get; init; }

    /// <summary>When the service took it; null when it does not say.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When the service gives it up; null when it does not say.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was over; null while it is not, or when the service does not say.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Until when its results can be fetched; null when the service does not say.</summary>
    public DateTimeOffset? ResultsUntil { get; init; }

    /// <summary>Its result files, error files included; empty while there are none.</summary>
    public IReadOnlyList<BatchResultFile> Results { get; init; } = [];

    /// <summary>
    /// Why it failed as a whole; null when it did not or nothing is said. <see cref="FailureKind.RateLimited"/> with the window
    /// <see cref="LimitNames.EnqueuedTokens"/> when the queue was full: the same may pass later.
    /// </summary>
    public ModelFailure? Failure { get; init; }

    /// <summary>What the service said of its windows with it.</summary>
    public IReadOnlyList<LimitReading> Limits { get; init; } = [];

    /// <summary>True when nothing more will come of it.</summary>
    public bool IsOver => State is BatchState.Completed or BatchState.Failed or BatchState.Expired or BatchState.Cancelled;
}

/// <summary>A result file at the service.</summary>
/// <param name="Id">How the service calls it: a file's id or an address.</param>
/// <param name="IsErrors">True for a file that holds only the requests that failed.</param>
public sealed record BatchResultFile(string Id, bool IsErrors);

/// <summary>A part of the account's batches.</summary>
/// <param name="Batches">The batches.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
public sealed record BatchPage(IReadOnlyList<BatchStatus> Batches, string? Next)
{
    /// <summary>The service's clock when it gave the page; null when it does not say.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>What a download brought.</summary>
/// <param name="Bytes">Bytes written.</param>
public sealed record BatchDownload(long Bytes);

/// <summary>One line of a result file.</summary>
/// <param name="Id">The id the request was sent with.</param>
/// <param name="End">How it ended.</param>
/// <param name="Result">The reply or the failure; null for a request that was never taken through.</param>
public sealed record BatchAnswer(string Id, BatchLineEnd End, ModelResult? Result);

/// <summary>How one request of a batch ended.</summary>
public enum BatchLineEnd
{
    /// <summary>It was taken through: a reply, or the service's refusal of it.</summary>
    Done,

    /// <summary>The batch's time was up before its turn came; nothing was paid.</summary>
    Expired,

    /// <summary>The batch was cancelled before its turn came; nothing was paid.</summary>
    Cancelled,
}
