using System.Text.Json;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects;

/// <summary>One provider's form of a chat: its request into the common one, the common reply into its own.</summary>
internal abstract class ChatWire
{
    /// <summary>The request, or the first mistake.</summary>
    /// <param name="body">An object.</param>
    /// <param name="place">Where it was sent.</param>
    public abstract (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place);

    /// <summary>The body of a 200.</summary>
    public abstract ReadOnlyMemory<byte> Write(Spoken spoken);

    /// <summary>The content type of that body.</summary>
    public virtual string ContentType(ChatRequest request) => "application/json";
}

/// <summary>All that a reply tells.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Completion">What the model said.</param>
/// <param name="Bill">What it costs.</param>
/// <param name="Id">16 hex digits.</param>
/// <param name="At">When it was said.</param>
/// <param name="Took">How long it took.</param>
internal readonly record struct Spoken(ChatRequest Request, Completion Completion, Bill Bill, string Id, DateTimeOffset At, TimeSpan Took);
