using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.OpenAi;

/// <summary>Chat completions as OpenAI defined them, for every service that speaks them.</summary>
internal sealed class OpenAiProtocol(Route route, OpenAiManners manners) : ChatProtocol(route)
{
    /// <inheritdoc/>
    public override Uri Url { get; } = new(OpenAiManners.Url(route.BaseUrl, "chat/completions"));

    /// <inheritdoc/>
    public override StructuredOutput Best { get; } = manners.Prefers(route.Model);

    /// <inheritdoc/>
    public override HeaderMeaning HeaderMeaning => manners.Headers;

    /// <inheritdoc/>
    public override KeyValuePair<string, string> KeyHeader(string key) => manners.KeyHeader(Route, key) ?? base.KeyHeader(key);

    /// <inheritdoc/>
    public override void Write(TemplateWriter body, ModelRequest request, WireHabits habits) =>
        OpenAiRequest.Write(body, Route.Model, request, habits, LimitName(habits));

    /// <inheritdoc/>
    public override WireReply Read(ReadOnlySpan<byte> body) => OpenAiReply.Read(body);

    /// <inheritdoc/>
    public override WireHabits? Heed(ServiceError error, ModelRequest request, WireHabits sent)
    {
        // A service that refuses both names is told of as it is.
        if (!sent.OtherLimitName && RefusesLimitName(error, LimitName(sent))) return sent with { OtherLimitName = true };
        return error.Code is "unsupported_value" or "unsupported_parameter" && WireHabits.Option(error.Param) is { } option
            ? sent.Without(option, request.Sampling) : null;
    }

    private string LimitName(WireHabits habits) => habits.OtherLimitName ? OpenAiManners.OtherLimit(manners.OutputLimit) : manners.OutputLimit;

    /// <summary>True when the service refuses the output limit for its name, and would take the other one.</summary>
    private static bool RefusesLimitName(ServiceError error, string sent)
    {
        if (error.Message is not { } words || ServiceFailures.SaysAny(words, "maximum context length")) return false;
        var other = OpenAiManners.OtherLimit(sent);
        var at = words.IndexOf(sent, StringComparison.Ordinal);
        var otherAt = words.IndexOf(other, StringComparison.Ordinal);
        var complains = error.Param is { } param ? param == sent : at >= 0 && (otherAt < 0 || at < otherAt);
        return complains && (error.Code is "unsupported_parameter" or "unknown_parameter"
            || ServiceFailures.SaysAny(words, "unsupported", "not supported", "unrecognized", "unknown", "not permitted"));
    }
}
