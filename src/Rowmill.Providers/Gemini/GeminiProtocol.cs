using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Gemini;

/// <summary>Google's own interface, <c>generateContent</c> (ai.google.dev/api/generate-content).</summary>
internal sealed class GeminiProtocol(Route route) : ChatProtocol(route)
{
    private const string Version = "/v1beta";

    private static readonly string[] s_formWords =
    [
        "response_json_schema", "responseJsonSchema", "response_schema", "responseSchema", "response_mime_type", "responseMimeType",
        "response mime type", "specified schema",
    ];

    private static readonly string[] s_tooLargeWords =
    [
        "exceeds the maximum number of tokens allowed", "payload size exceeds the limit", "maxOutputTokens value of", "max_output_tokens value of",
    ];

    // Gemma 3 behind this interface: "JSON mode is not enabled", "Developer instruction is not enabled".
    private readonly bool _isPlain = Name(route).StartsWith("models/gemma-3", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override Uri Url { get; } = UrlOf(route, "generateContent");

    /// <inheritdoc/>
    public override StructuredOutput Best => _isPlain ? StructuredOutput.Text : StructuredOutput.StrictSchema;

    /// <inheritdoc/>
    public override WireHabits Habits => _isPlain ? WireHabits.None with { SystemInUser = true } : WireHabits.None;

    /// <inheritdoc/>
    public override IReadOnlyList<string> FormWords => s_formWords;

    /// <inheritdoc/>
    /// <remarks>Never in the address, where Google takes it too: addresses end in logs.</remarks>
    public override KeyValuePair<string, string> KeyHeader(string key) => new("x-goog-api-key", key);

    /// <inheritdoc/>
    public override void Write(TemplateWriter body, ModelRequest request, WireHabits habits) =>
        GeminiRequest.Write(body, Route.Model[(Route.Model.LastIndexOf('/') + 1)..], request, habits);

    /// <inheritdoc/>
    public override WireReply Read(ReadOnlySpan<byte> body) => GeminiReply.Read(body);

    /// <inheritdoc/>
    public override WireHabits? Heed(ServiceError error, ModelRequest request, WireHabits sent)
    {
        var words = error.Message ?? "";
        if (!sent.SystemInUser && request.System.Length > 0
            && ServiceFailures.SaysAny(words, "developer instruction", "system instruction", "system_instruction", "systemInstruction"))
        {
            return sent with { SystemInUser = true };
        }

        // "Thinking level MEDIUM is not supported for this model.", "Budget 0 is invalid. This model only works in thinking mode."
        return ServiceFailures.SaysAny(words, "thinking") ? sent.Without(Refusable.ReasoningEffort, request.Sampling) : null;
    }

    /// <inheritdoc/>
    public override FailureKind? Kind(int status, ServiceError error, string words)
    {
        // Google refuses a key with a 400.
        if (error.Reason is "API_KEY_INVALID") return FailureKind.KeyRefused;
        if (status is 404 && error.Status is "NOT_FOUND" && ServiceFailures.SaysAny(words, "model")) return FailureKind.ModelRefused;
        if (error.Status is "FAILED_PRECONDITION")
        {
            // Where no free plan is offered it asks for billing; elsewhere nothing is.
            if (ServiceFailures.SaysAny(words, "billing", "free tier")) return FailureKind.QuotaExhausted;
            if (ServiceFailures.SaysAny(words, "location is not supported")) return FailureKind.KeyRefused;
        }

        if (status is 429 && ServiceFailures.SaysAny(words, "credits are depleted", "monthly spending cap")) return FailureKind.QuotaExhausted;
        return status is 400 && ServiceFailures.SaysAny(words, s_tooLargeWords) ? FailureKind.TooLarge : null;
    }

    /// <summary>The address of an operation of the model.</summary>
    internal static Uri UrlOf(Route route, string operation) =>
        new(Root(route.BaseUrl) + "/" + string.Join('/', Name(route).Split('/').Select(Uri.EscapeDataString)) + ":" + operation);

    /// <summary>The model's whole name, such as <c>models/gemini-embedding-001</c>.</summary>
    internal static string Name(Route route) =>
        route.Model.StartsWith("models/", StringComparison.Ordinal) || route.Model.StartsWith("tunedModels/", StringComparison.Ordinal)
            ? route.Model : "models/" + route.Model;

    /// <summary>The address of something of a kind of transfer: <c>upload</c> and <c>download</c> stand before the version.</summary>
    internal static string RootOf(string baseUrl, string transfer) => $"{Host(baseUrl)}/{transfer}{Version}";

    /// <summary>The address under which all operations are; without a slash at its end.</summary>
    internal static string Root(string baseUrl) => Host(baseUrl) + Version;

    /// <summary>The base address without the version.</summary>
    internal static string Host(string baseUrl)
    {
        var root = baseUrl.TrimEnd('/');
        return root.EndsWith(Version, StringComparison.Ordinal) ? root[..^Version.Length] : root;
    }
}
