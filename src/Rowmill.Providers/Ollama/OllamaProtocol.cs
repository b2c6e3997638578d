using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Ollama;

/// <summary>Ollama's own wire, <c>POST /api/chat</c> (its api/types.go, docs/api.md): the only one that sets the context and forbids it to cut.</summary>
internal sealed class OllamaProtocol(Route route) : ChatProtocol(route)
{
    /// <summary>Refusals of a schema: of the server itself, and of the grammar that is made of it.</summary>
    private static readonly string[] s_formWords =
        ["Request.format of type", "invalid json schema", "invalid format", "required for format", "failed to parse grammar", "failed to initialize grammar", "failed to load grammar"];

    private readonly OllamaContext _context = new(route.ContextTokens);

    // Set when a count was less than any prompt leaves after a cut: this server leaves out what its cache held.
    private volatile bool _countsLess;

    /// <inheritdoc/>
    public override Uri Url { get; } = new(route.BaseUrl.TrimEnd('/') + "/api/chat");

    /// <inheritdoc/>
    public override StructuredOutput Best => StructuredOutput.Schema;

    /// <inheritdoc/>
    public override int Context(ModelRequest request, WireHabits habits) => _context.For(request, habits.LeastContext);

    /// <inheritdoc/>
    public override void Write(TemplateWriter body, ModelRequest request, WireHabits habits) => OllamaRequest.Write(body, Route.Model, request, habits);

    /// <inheritdoc/>
    public override WireReply Read(ReadOnlySpan<byte> body) => OllamaReply.Read(body);

    /// <inheritdoc/>
    /// <remarks>
    /// Versions before <c>truncate</c> and <c>shift</c> cut silently. A prompt that fills its context was cut to it, and prompt and reply that
    /// are more than it have pushed out the prompt's beginning. Where the server takes less context than was asked for, only the count tells:
    /// a cut leaves at least the half of a context, and less than any tokenizer makes of the rows. A smaller count, or none, is that of a
    /// server that leaves out what its cache held; the rows alone are compared, since they are what differs from the request before.
    /// </remarks>
    public override ModelFailure? Doubt(in WireReply reply, ModelRequest request, int sent)
    {
        if (reply.Usage is not { Input: > 0 } usage) return null;
        if (usage.Input >= request.ContextTokens || usage.Input + usage.Output > request.ContextTokens + OllamaContext.CountSlack)
        {
            var told = $"the prompt was cut: prompt and reply took {usage.Input + usage.Output} tokens of a context of {request.ContextTokens}";
            return _context.Grow(request) ? new ModelFailure(FailureKind.ParameterRefused, told + "; a larger one is set") : TooLarge(told);
        }

        if (usage.Input >= OllamaContext.LeastSeen / 2)
        {
            return !_countsLess && usage.Input < OllamaContext.LeastTokens(request.User.Span)
                ? TooLarge($"the prompt was cut: the server counted {usage.Input} tokens of {sent} bytes; is its context smaller than {request.ContextTokens}?") : null;
        }

        if (usage.Input < OllamaContext.LeastTokens(request.User.Span)) _countsLess = true;
        return null;

        static ModelFailure TooLarge(string words) => new(FailureKind.TooLarge, words);
    }

    /// <inheritdoc/>
    /// <remarks>All counts are omitted when they are zero: a prompt that was in the cache as a whole has none.</remarks>
    public override TokenUsage? Counted(in WireReply reply, ModelRequest request) =>
        reply.Usage is { Input: > 0 } usage && usage.Input >= OllamaContext.LeastTokens(request) ? usage : null;

    /// <inheritdoc/>
    public override WireHabits? Heed(ServiceError error, ModelRequest request, WireHabits sent)
    {
        var words = error.Message ?? "";
        if (ServiceFailures.IsOfContext(words)) return _context.Larger(request) is { } larger ? sent with { LeastContext = larger } : null;
        if (!ServiceFailures.SaysAny(words, "does not support thinking", "think value")) return null;
        var taught = sent with { LeftOut = sent.LeftOut | Refusable.ReasoningEffort };
        return taught.Sent(request.Sampling) == sent.Sent(request.Sampling) ? null : taught;
    }

    /// <inheritdoc/>
    public override FailureKind? Kind(int status, ServiceError error, string words)
    {
        if (ServiceFailures.IsOfMemory(words) || IsKilled(words)) return FailureKind.OutOfMemory;
        if (ServiceFailures.SaysAny(words, s_formWords)) return FailureKind.FormRefused;
        return ServiceFailures.SaysAny(words, "does not support chat", "does not support generate") ? FailureKind.ModelRefused : null;
    }

    /// <inheritdoc/>
    public override string? Advice(FailureKind kind, int status, string words) => kind switch
    {
        FailureKind.ModelRefused when status is 404 => $"; get it with: ollama pull {Route.Model}",
        FailureKind.OutOfMemory => "; close other programs, or take a smaller model or a smaller 'context'",
        _ => null,
    };

    // The system's own guard of memory ends the process that takes most.
    private static bool IsKilled(string words) =>
        ServiceFailures.SaysAny(words, "process has terminated") && ServiceFailures.SaysAny(words, "signal: killed");
}
