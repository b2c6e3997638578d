namespace Rowmill.Core.Models;

/// <summary>Port: one model service over its wire. Safe for concurrent use; it never retries and never waits for a limit.</summary>
public interface IModelClient
{
    /// <summary>Sends one request and reads the whole reply.</summary>
    /// <returns>The reply, or the failure as a value. Only the caller's cancellation is thrown.</returns>
    ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default);

    /// <summary>The HTTP request that <see cref="AskAsync"/> would send, with every secret masked.</summary>
    RequestPreview Preview(ModelRequest request);

    /// <summary>The best form of structured output this route can be expected to take.</summary>
    StructuredOutput StructuredOutput { get; }

    /// <summary>What the request says and this service's wire cannot, one line each: parts of the schema, which are still enforced on the answer, and options.</summary>
    IReadOnlyList<string> Losses(ModelRequest request);
}

/// <summary>How the reply's form is asked for, best first.</summary>
public enum StructuredOutput
{
    /// <summary>A JSON Schema the decoder is held to.</summary>
    StrictSchema,

    /// <summary>A JSON Schema, best effort.</summary>
    Schema,

    /// <summary>Some JSON object; the schema goes into the system message.</summary>
    JsonMode,

    /// <summary>Nothing but the words of the system message.</summary>
    Text,
}

/// <summary>Everything one request to a model says, before a provider's wire form.</summary>
public sealed record ModelRequest
{
    /// <summary>The system message: the same for every request of a job.</summary>
    public required string System { get; init; }

    /// <summary>The user message, UTF-8: <c>{"rows":[{"id":1,…},…]}</c>.</summary>
    public required ReadOnlyMemory<byte> User { get; init; }

    /// <summary>What was said before, oldest first; empty for rows, which are asked in one turn.</summary>
    public IReadOnlyList<ModelTurn> Earlier { get; init; } = [];

    /// <summary>JSON Schema of the whole reply (the wrapper with <c>rows</c>), as UTF-8 JSON in full JSON Schema.</summary>
    public required ReadOnlyMemory<byte> ReplySchema { get; init; }

    /// <summary>How the form is asked for.</summary>
    public required StructuredOutput Form { get; init; }

    /// <summary>The most tokens the reply may take.</summary>
    public required int MaxOutputTokens { get; init; }

    /// <summary>Tokens that the prompt takes at most, as estimated or measured; 0 when the caller does not know.</summary>
    public int InputTokens { get; init; }

    /// <summary>The most room for prompt and reply together, where a service sets it aside for each request (Ollama); 0 for the route's context.</summary>
    public int MostContextTokens { get; init; }

    /// <summary>What a client sets aside of <see cref="MostContextTokens"/>; a caller leaves it 0.</summary>
    public int ContextTokens { get; init; }

    /// <summary>Sampling options of the job.</summary>
    public required Questions.SamplingOptions Sampling { get; init; }
}

/// <summary>One earlier turn of a conversation.</summary>
/// <param name="IsModel">True for what the model said, false for what it was told.</param>
/// <param name="Text">The text.</param>
public sealed record ModelTurn(bool IsModel, string Text);

/// <summary>One HTTP request as it would be sent, fit to be printed.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Address; holds no secret.</param>
/// <param name="Headers">Headers in order; secrets masked.</param>
/// <param name="Body">The JSON body.</param>
public sealed record RequestPreview(string Method, string Url, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body);

/// <summary>What came of one request: a reply or a failure, never both.</summary>
public sealed record ModelResult
{
    /// <summary>The reply, when the service gave one.</summary>
    public ModelReply? Reply { get; init; }

    /// <summary>The failure, otherwise.</summary>
    public ModelFailure? Failure { get; init; }

    /// <summary>The service's own id of the request, when it gave one.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the service said of its windows, with the reply or with the refusal; empty when it said nothing.</summary>
    public IReadOnlyList<LimitReading> Limits { get; init; } = [];

    /// <summary>The room for prompt and reply that the request had set aside; 0 where a service does that itself.</summary>
    public int ContextTokens { get; init; }

    /// <summary>True when there is a reply.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Reply))]
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Failure))]
    public bool Succeeded => Reply is not null;
}

/// <summary>A model's reply.</summary>
/// <param name="Text">The text, UTF-8; may be empty.</param>
/// <param name="Ending">Why the model stopped.</param>
/// <param name="Usage">Tokens as the service counted them; null when it did not say.</param>
public sealed record ModelReply(ReadOnlyMemory<byte> Text, ReplyEnding Ending, TokenUsage? Usage)
{
    /// <summary>What the model said instead of an answer, when it refused.</summary>
    public string? Refusal { get; init; }
}

/// <summary>Why a model stopped writing.</summary>
public enum ReplyEnding
{
    /// <summary>It had finished.</summary>
    Complete,

    /// <summary>It ran into the output limit.</summary>
    Truncated,

    /// <summary>The service's filter cut it off.</summary>
    Filtered,

    /// <summary>It refused.</summary>
    Refused,
}
