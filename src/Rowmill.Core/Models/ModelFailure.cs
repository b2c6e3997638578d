namespace Rowmill.Core.Models;

/// <summary>Why a request brought no reply.</summary>
public enum FailureKind
{
    /// <summary>A limit over a span of time; it opens again.</summary>
    RateLimited,

    /// <summary>The request is larger than the model's context or any limit: it can never pass unchanged.</summary>
    TooLarge,

    /// <summary>The account has no allowance for this model at all (a limit of 0); waiting does not help.</summary>
    NoAllowance,

    /// <summary>The account has no money or no allowance left; waiting does not help.</summary>
    QuotaExhausted,

    /// <summary>The service is overloaded or broken (5xx, 498, 529); it passes.</summary>
    Unavailable,

    /// <summary>The machine that serves the model has too little memory for it with the context asked for (Ollama).</summary>
    OutOfMemory,

    /// <summary>No reply within the route's timeout.</summary>
    TimedOut,

    /// <summary>The connection could not be made or broke.</summary>
    ConnectionLost,

    /// <summary>The key was refused (401, 403).</summary>
    KeyRefused,

    /// <summary>The model does not exist or is not for this account (404).</summary>
    ModelRefused,

    /// <summary>The model does not take the form of structured output asked for; ask in a lesser form.</summary>
    FormRefused,

    /// <summary>The service wants a parameter under its other name or with another value; the client has taken that to heart, ask the same again.</summary>
    ParameterRefused,

    /// <summary>The service says the request itself is wrong (400, 422).</summary>
    BadRequest,

    /// <summary>The service's content filter stopped the prompt.</summary>
    Filtered,

    /// <summary>The model's own output did not pass the service's check; billed (Groq's json_validate_failed).</summary>
    BadGeneration,

    /// <summary>The service answered in a form that is not its protocol.</summary>
    BadReply,
}

/// <summary>A request that brought no reply, as a value.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Message">The service's own words or ours, in one line, without secrets.</param>
public sealed record ModelFailure(FailureKind Kind, string Message)
{
    /// <summary>HTTP status; null when there was none.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>How long the service says to wait; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The window that refused it, one of <see cref="LimitNames"/>; null when no window did or none is named.</summary>
    public string? Window { get; init; }

    /// <summary>Text the model wrote all the same (a failed generation), UTF-8.</summary>
    public ReadOnlyMemory<byte> PartialText { get; init; }

    /// <summary>Headers and body that show the failure, cut to a bounded length, without secrets; null when there is nothing to show.</summary>
    public string? Evidence { get; init; }

    /// <summary>The tokens that the service counted all the same; null when it did not say.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>True when the service charges for it.</summary>
    public bool Billed { get; init; }
}
