using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.Anthropic;

/// <summary>The body of a messages request.</summary>
/// <remarks>
/// The forms, best first: <see cref="StructuredOutput.StrictSchema"/> is <c>output_config.format</c>, <see cref="StructuredOutput.Schema"/>
/// one tool that must be used and whose input is the reply. There is no JSON mode: it is the words of the system message, as text is.
/// </remarks>
internal static class AnthropicRequest
{
    private const string Tool = "answer";

    /// <summary>
    /// A prefix of fewer than 1,024 tokens is not cached (docs.anthropic.com, prompt caching), and a token has seldom fewer than three
    /// bytes. A mark on a prefix that is a little too short costs nothing; on one that is cached it costs a quarter more once, and saves
    /// nine tenths with every request that follows within five minutes, which here all begin with the same words.
    /// </summary>
    private const int CacheableBytes = 3 * 1024;

    /// <summary>The least that <c>budget_tokens</c> may be.</summary>
    private const long LeastThinking = 1024;

    /// <summary>With thinking, <c>top_p</c> must be at least this.</summary>
    private const double LeastTopPWithThinking = 0.95;

    public static void Write(TemplateWriter body, string model, ModelRequest request, WireHabits habits)
    {
        var json = body.Json;
        var sampling = habits.Sent(request.Sampling);
        var effort = Effort(body, request, sampling);
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        body.Number("max_tokens", r => r.MaxOutputTokens);
        WriteSystem(json, request);
        json.WriteStartArray("messages"u8);
        foreach (var turn in request.Earlier)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, turn.IsModel ? "assistant"u8 : "user"u8);
            json.WriteString("content"u8, turn.Text);
            json.WriteEndObject();
        }

        json.WriteStartObject();
        json.WriteString("role"u8, "user"u8);
        json.WritePropertyName("content"u8);
        body.User();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteForm(body, request, habits.AdaptiveThinking ? effort : null);
        if (effort is not null) WriteThinking(body, effort, habits);
        WriteSampling(body, sampling, thinks: effort is not null);
        json.WriteEndObject();
        foreach (var option in habits.Unsent(request.Sampling)) body.Lose($"{option} is not sent: the model refuses it");
    }

    /// <summary>How much the model is to think; null for not at all, which is what it does unless it is asked.</summary>
    private static string? Effort(TemplateWriter body, ModelRequest request, SamplingOptions sampling)
    {
        if (ThinkingEffort.Of(sampling.ReasoningEffort, body) is not { } effort || effort is ThinkingEffort.None) return null;
        if (request.Form is not StructuredOutput.Schema) return effort;
        body.Lose("reasoning_effort is not sent: a model that must use a tool cannot think");
        return null;
    }

    private static void WriteSystem(Utf8JsonWriter json, ModelRequest request)
    {
        if (request.System.Length == 0) return;
        json.WriteStartArray("system"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        json.WriteString("text"u8, request.System);
        // Tools stand before the system message in what is cached.
        var prefix = Encoding.UTF8.GetByteCount(request.System) + (request.Form is StructuredOutput.Schema ? request.ReplySchema.Length : 0);
        if (prefix >= CacheableBytes)
        {
            json.WriteStartObject("cache_control"u8);
            json.WriteString("type"u8, "ephemeral"u8);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteForm(TemplateWriter body, ModelRequest request, string? effort)
    {
        var json = body.Json;
        var strict = request.Form is StructuredOutput.StrictSchema ? AnthropicSchema.Of(request.ReplySchema) : null;
        if (strict is not null || effort is not null)
        {
            json.WriteStartObject("output_config"u8);
            if (strict is not null)
            {
                json.WriteStartObject("format"u8);
                json.WriteString("type"u8, "json_schema"u8);
                json.WritePropertyName("schema"u8);
                strict.Json.WriteTo(json);
                json.WriteEndObject();
                body.Lose(strict.Losses);
            }

            if (effort is not null) json.WriteString("effort"u8, effort is "minimal" ? "low" : effort);
            json.WriteEndObject();
        }

        if (request.Form is not StructuredOutput.Schema) return;
        json.WriteStartArray("tools"u8);
        json.WriteStartObject();
        json.WriteString("name"u8, Tool);
        json.WriteString("description"u8, "Takes the reply, whole and in this form."u8);
        body.Schema("input_schema", request.ReplySchema);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, "tool"u8);
        json.WriteString("name"u8, Tool);
        json.WriteEndObject();
    }

    private static void WriteThinking(TemplateWriter body, string effort, WireHabits habits)
    {
        body.Json.WriteStartObject("thinking"u8);
        body.Json.WriteString("type"u8, habits.AdaptiveThinking ? "adaptive"u8 : "enabled"u8);
        if (!habits.AdaptiveThinking) body.Number("budget_tokens", r => Math.Max(LeastThinking, ThinkingEffort.Tokens(effort, r)));
        body.Json.WriteEndObject();
    }

    private static void WriteSampling(TemplateWriter body, SamplingOptions sampling, bool thinks)
    {
        if (sampling.Seed is not null) body.Lose("seed is not sent: this service has none");
        if (sampling.Temperature is { } temperature)
        {
            if (thinks) body.Lose("temperature is not sent: a model that thinks takes none");
            else if (temperature > 1)
                body.Lose(string.Create(CultureInfo.InvariantCulture, $"temperature {temperature} is sent as 1, the most this service takes"));
            if (!thinks) body.Json.WriteNumber("temperature"u8, Math.Min(temperature, 1));
        }

        if (sampling.TopP is not { } topP) return;
        if (thinks && topP < LeastTopPWithThinking) body.Lose("top_p is not sent: a model that thinks takes none below 0.95");
        else body.Json.WriteNumber("top_p"u8, topP);
    }
}
