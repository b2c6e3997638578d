using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>How a row's asking ended.</summary>
public enum OutcomeKind
{
    /// <summary>The model answered; the JSON is valid under the answer schema.</summary>
    Answered,

    /// <summary>The model said why it cannot answer; the JSON is that reason, a JSON string.</summary>
    Abstained,

    /// <summary>No valid answer could be had; the JSON is <c>{"reason":"…","detail":"…","reply":"…"}</c>.</summary>
    Failed,
}

/// <summary>One row's outcome, on its way into the store.</summary>
/// <param name="Key">The row.</param>
/// <param name="Kind">How it ended.</param>
/// <param name="Json">Compact JSON without line breaks, UTF-8; see <see cref="OutcomeKind"/>.</param>
/// <param name="Attempt">1-based number of the request that brought it, counted for this row in this run.</param>
public readonly record struct RowOutcome(RowKey Key, OutcomeKind Kind, ReadOnlyMemory<byte> Json, int Attempt);

/// <summary>Which older outcomes of its rows a good one supersedes. The numbers are stored.</summary>
public enum Supersedes
{
    /// <summary>None; the routes' order decides.</summary>
    Nothing = 0,

    /// <summary>Those of every route: asked afresh of all that the job lists.</summary>
    EveryRoute = 1,

    /// <summary>Those of its own route: asked afresh of that one alone, or because it had failed.</summary>
    OwnRoute = 2,
}

/// <summary>The outcomes that one call brought.</summary>
public sealed record OutcomePack
{
    /// <summary>The job they were asked for.</summary>
    public required string Job { get; init; }

    /// <summary>The run that asked.</summary>
    public required string RunId { get; init; }

    /// <summary>Fingerprint of the question.</summary>
    public required string Question { get; init; }

    /// <summary><see cref="Models.Route.Id"/> of the route that answered.</summary>
    public required string Route { get; init; }

    /// <summary>The call in the ledger; 0 when no call was made.</summary>
    public required long CallId { get; init; }

    /// <summary>When the reply came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How the call ended: stored with its outcomes, all or none, so that a kill never leaves a call in doubt whose answers
    /// are there. Null when it is settled apart.</summary>
    public CallSettlement? Settlement { get; init; }

    /// <summary>
    /// The call itself, with <see cref="Settlement"/>, when it is not in the ledger yet: a line of a batch. All is stored or nothing, and nothing when
    /// that line has ended before; <see cref="CallId"/> and <see cref="CallSettlement.CallId"/> are 0 then and given by the store.
    /// </summary>
    public CallIntent? Call { get; init; }

    /// <summary>The outcomes, at least one, keys distinct.</summary>
    public required IReadOnlyList<RowOutcome> Rows { get; init; }

    /// <summary>The run's lease; a store refuses the write of a run whose lease another has taken.</summary>
    public required Lease Lease { get; init; }

    /// <summary>Which older outcomes what is good here supersedes: some when the rows were asked although outcomes of theirs were stored.</summary>
    public Supersedes Supersedes { get; init; }
}

/// <summary>Which stored outcomes count: those of one question, from these routes.</summary>
/// <param name="Question">Fingerprint of the question.</param>
/// <param name="Routes">Route ids in the job's order; where several have an answer, the earliest listed wins.</param>
public sealed record AnswerScope(string Question, IReadOnlyList<string> Routes)
{
    /// <summary>
    /// A question asked apart, as an audit does: its answers are nobody's labels. They count for no row of the job, and no edit leaves
    /// them unused. Fingerprints are hexadecimal, so a slash stands in no other question.
    /// </summary>
    /// <param name="question">Fingerprint of the question.</param>
    /// <param name="name">What it is asked apart for.</param>
    public static string Apart(string question, string name) => $"{question}/{name}";

    /// <summary>Whether a question was asked apart.</summary>
    public static bool IsApart(string question) => question.Contains('/');
}

/// <summary>A stored outcome.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Json">See <see cref="OutcomeKind"/>.</param>
/// <param name="Route">The route that answered.</param>
/// <param name="RunId">The run that asked.</param>
/// <param name="CallId">The call in the ledger.</param>
/// <param name="Attempt">See <see cref="RowOutcome"/>.</param>
/// <param name="At">When the reply came.</param>
public sealed record StoredOutcome(
    OutcomeKind Kind, ReadOnlyMemory<byte> Json, string Route, string RunId, long CallId, int Attempt, DateTimeOffset At);

/// <summary>Stored answers that no present row of the job's question uses, because the job was edited.</summary>
/// <param name="Answers">Number of rows answered under the job's earlier questions or routes.</param>
/// <param name="Usd">What they cost, as far as prices were known.</param>
public sealed record UnusedAnswers(long Answers, decimal Usd);

/// <summary>Port: the answers. Content-addressed: question, row key and route; job and run are only remembered.</summary>
public interface IAnswerStore
{
    /// <summary>
    /// Stores the outcomes of one call, all or none. When it completes they survive a kill of the process, and within
    /// a second a power cut.
    /// </summary>
    /// <exception cref="LeaseLostException">Another run holds the job's lease.</exception>
    ValueTask AppendAsync(OutcomePack pack, CancellationToken cancellationToken = default);

    /// <summary>Finds the outcome that counts for each key. An answer or abstention of any route beats a failure; of answers and
    /// abstentions, those asked afresh of every route supersede all that is older, then the routes' order decides, then the newest; of failures the newest counts.</summary>
    /// <param name="scope">What counts.</param>
    /// <param name="keys">The rows.</param>
    /// <param name="found">Receives, for each key, the outcome or null; as long as <paramref name="keys"/>.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    ValueTask FindAsync(
        AnswerScope scope, ReadOnlyMemory<RowKey> keys, Memory<StoredOutcome?> found, CancellationToken cancellationToken = default);

    /// <summary>Whether anything is stored for the scope; false lets a run skip looking.</summary>
    ValueTask<bool> AnyAsync(AnswerScope scope, CancellationToken cancellationToken = default);

    /// <summary>Answers stored for the job under questions or routes outside the scope; those to a question asked apart are left out.</summary>
    ValueTask<UnusedAnswers> UnusedAsync(string job, AnswerScope scope, CancellationToken cancellationToken = default);
}
