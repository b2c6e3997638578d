using System.Text.Json;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Batches;

/// <summary>One provider's form of the lines of a batch, those sent and those that come back.</summary>
internal abstract class BatchForm(Dialect dialect)
{
    public Dialect Dialect => dialect;

    /// <summary>True when what failed stands in a file of its own.</summary>
    public virtual bool SplitsErrors => false;

    /// <summary>True when the order of the results is that of the requests.</summary>
    public virtual bool KeepsOrder => false;

    /// <summary>True when a batch whose time is up has no results at all.</summary>
    public virtual bool LosesExpired => false;

    /// <summary>True when results tell of requests whose turn never came because the batch was cancelled.</summary>
    public virtual bool TellsCancelled => true;

    /// <summary>True when a batch can fail as a whole.</summary>
    public virtual bool CanFail => true;

    /// <summary>True when a batch for which there is no room in the queue is refused at once.</summary>
    public virtual bool RefusesEnqueued => false;

    /// <summary>Batches under way at once; null for any number.</summary>
    public virtual int? MostAtOnce => null;

    /// <summary>The words for a batch for which there is no room in the queue.</summary>
    public abstract ErrorReply Enqueued(string model, long limit);

    /// <summary>How long results are kept unless the batch says otherwise.</summary>
    public abstract TimeSpan KeepsResults { get; }

    /// <summary>True when that time begins with the batch and not with its end.</summary>
    public virtual bool KeepsFromCreation => false;

    /// <summary>True when results come with the batch itself and are no file of the account.</summary>
    public virtual bool ResultsComeAlong => false;

    /// <summary>What the provider says a file of results is for, or is.</summary>
    public abstract string ResultKind { get; }

    /// <summary>The id of a batch's file of results.</summary>
    public abstract string ResultId(string batch, bool errors);

    /// <summary>Where the body of a line goes.</summary>
    public abstract Place Place(string model);

    /// <summary>One line; it has the right shape.</summary>
    public abstract BatchLine Read(JsonElement root);

    /// <summary>Writes the result of one line, an object.</summary>
    public abstract void Write(Utf8JsonWriter writer, BatchLine line, LineReply reply);
}

/// <summary>One request of a batch.</summary>
/// <param name="Id">Its custom id or key; null for none.</param>
/// <param name="Body">What it asks.</param>
/// <param name="Echo">Raw JSON that comes back with it; null for none.</param>
internal readonly record struct BatchLine(string? Id, JsonElement Body, string? Echo = null);

/// <summary>How a request of a batch ended.</summary>
internal enum LineEnd
{
    /// <summary>It was taken through: an answer or a refusal.</summary>
    Done,

    /// <summary>The time was up before its turn came.</summary>
    Expired,

    /// <summary>The batch was cancelled before its turn came.</summary>
    Cancelled,
}

/// <summary>The end of one request of a batch.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Body">What the provider would have sent; empty where its turn never came.</param>
/// <param name="Error">The refusal; null for an answer.</param>
/// <param name="Number">16 hex digits.</param>
internal readonly record struct LineReply(LineEnd End, ReadOnlyMemory<byte> Body, ErrorReply? Error, string Number)
{
    /// <summary>What it costs; null for nothing.</summary>
    public Ledger.Bill? Bill { get; init; }

    /// <summary>Rows in the request.</summary>
    public int Rows { get; init; }

    /// <summary>True when the answer is as it should be.</summary>
    public bool IsGood { get; init; }

    public int Status => Error?.Status ?? 200;

    /// <summary>A refusal.</summary>
    /// <param name="dialect">In whose words.</param>
    /// <param name="error">The refusal.</param>
    /// <param name="content">A hash of the request.</param>
    public static LineReply Refused(Dialect dialect, ErrorReply error, ulong content)
    {
        var number = $"{content:x16}";
        return new LineReply(LineEnd.Done, dialect.Body(error, $"req_{number}"), error, number);
    }
}

/// <summary>What is wrong with a batch as a whole.</summary>
/// <param name="Code">OpenAI's code.</param>
/// <param name="Message">In words.</param>
/// <param name="Param">The field.</param>
/// <param name="Line">The line, 1-based; null for none.</param>
internal sealed record BatchFlaw(string Code, string Message, string? Param = null, int? Line = null);
