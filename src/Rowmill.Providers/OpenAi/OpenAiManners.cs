using Rowmill.Core.Models;
using Rowmill.Providers.Limits;

namespace Rowmill.Providers.OpenAi;

/// <summary>In what a service differs from OpenAI's chat completions.</summary>
/// <param name="OutputLimit">The name the output limit is sent under, until the service asks for the other one.</param>
/// <param name="Headers">What its headers say of limits.</param>
/// <param name="Prefers">The best form of structured output of a model.</param>
internal sealed record OpenAiManners(string OutputLimit, HeaderMeaning Headers, Func<string, StructuredOutput> Prefers)
{
    /// <summary>Replaces max_tokens, which OpenAI's thinking models refuse.</summary>
    private const string MaxCompletionTokens = "max_completion_tokens";

    /// <summary>The old name, the only one some imitators read (Ollama's /v1, openai/openai.go).</summary>
    private const string MaxTokens = "max_tokens";

    private static readonly Dictionary<string, OpenAiManners> s_all = new(StringComparer.Ordinal)
    {
        ["openai"] = new(MaxCompletionTokens, HeaderMeaning.Buckets, OpenAi),
        ["groq"] = new(MaxCompletionTokens, HeaderMeaning.DailyRequestsMinuteTokens, Groq),
        ["simulator"] = new(MaxCompletionTokens, HeaderMeaning.Unknown, _ => StructuredOutput.StrictSchema),
        ["openai-compatible"] = new(MaxTokens, HeaderMeaning.Unknown, _ => StructuredOutput.Schema),
    };

    /// <summary>The manners of a provider; null when it does not speak this protocol.</summary>
    public static OpenAiManners? For(string provider) => s_all.GetValueOrDefault(provider);

    /// <summary>The other name of the output limit.</summary>
    public static string OtherLimit(string name) => name == MaxTokens ? MaxCompletionTokens : MaxTokens;

    /// <summary>The address of an operation, such as <c>chat/completions</c>, under a base address.</summary>
    public static string Url(string baseUrl, string operation)
    {
        var root = baseUrl.TrimEnd('/');
        if (IsAzureDeployment(root)) return $"{root}/{operation}?api-version={AzureVersion}";
        return $"{root}/{operation}";
    }

    /// <summary>The header of a key where it is not the usual one.</summary>
    public KeyValuePair<string, string>? KeyHeader(Route route, string key) => IsAzure(route.BaseUrl) ? new("api-key", key) : null;

    /// <summary>The last version of Azure's own interface that is generally available; its /openai/v1 wants none.</summary>
    private const string AzureVersion = "2024-10-21";

    private static bool IsAzure(string baseUrl) =>
        Uri.TryCreate(baseUrl, UriKind.Absolute, out var url)
        && (url.Host.EndsWith(".azure.com", StringComparison.OrdinalIgnoreCase) || IsAzureDeployment(baseUrl));

    /// <summary>True for Azure's own interface, where an address is of one model and knows neither files nor batches.</summary>
    internal static bool IsAzureDeployment(string baseUrl) => baseUrl.Contains("/openai/deployments/", StringComparison.Ordinal);

    // json_schema came with gpt-4o of August 2024; what is older knows json_object at best.
    private static StructuredOutput OpenAi(string model) =>
        model is "gpt-4" or "gpt-4o-2024-05-13"
        || model.StartsWith("gpt-4-", StringComparison.Ordinal) || model.StartsWith("gpt-3.5", StringComparison.Ordinal)
            ? StructuredOutput.JsonMode
            : StructuredOutput.StrictSchema;

    // console.groq.com/docs/structured-outputs: constrained decoding on gpt-oss only; the llamas answer json_schema with 400.
    private static StructuredOutput Groq(string model) =>
        model.Contains("gpt-oss-", StringComparison.Ordinal) ? StructuredOutput.StrictSchema
        : model is "llama-3.3-70b-versatile" or "llama-3.1-8b-instant" ? StructuredOutput.JsonMode
        : StructuredOutput.Schema;
}
