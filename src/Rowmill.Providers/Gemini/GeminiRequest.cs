using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.Gemini;

/// <summary>The body of a <c>generateContent</c> request.</summary>
/// <remarks>
/// The forms, best first: <see cref="StructuredOutput.StrictSchema"/> is <c>responseJsonSchema</c>, <see cref="StructuredOutput.Schema"/> the
/// older <c>responseSchema</c>, JSON mode the media type alone.
/// </remarks>
internal static class GeminiRequest
{
    private const long LeastOfPro = 128;
    private const long LeastOfLite = 512;

    public static void Write(TemplateWriter body, string model, ModelRequest request, WireHabits habits)
    {
        var json = body.Json;
        json.WriteStartObject();
        var words = habits.SystemInUser ? request.System : "";
        if (request.System.Length > 0 && !habits.SystemInUser)
        {
            json.WriteStartObject("systemInstruction"u8);
            json.WriteStartArray("parts"u8);
            Text(json, request.System);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteStartArray("contents"u8);
        foreach (var turn in request.Earlier)
        {
            BeginTurn(json, turn.IsModel, ref words);
            Text(json, turn.Text);
            EndTurn(json);
        }

        BeginTurn(json, isModel: false, ref words);
        json.WriteStartObject();
        json.WritePropertyName("text"u8);
        body.User();
        json.WriteEndObject();
        EndTurn(json);
        json.WriteEndArray();

        json.WriteStartObject("generationConfig"u8);
        WriteForm(body, request);
        WriteSampling(body, model, habits.Sent(request.Sampling));
        body.Number("maxOutputTokens", r => r.MaxOutputTokens);
        json.WriteEndObject();
        json.WriteEndObject();
        foreach (var option in habits.Unsent(request.Sampling)) body.Lose($"{option} is not sent: the model refuses it");
    }

    // A model without system messages is told in the first turn of the user.
    private static void BeginTurn(Utf8JsonWriter json, bool isModel, ref string words)
    {
        json.WriteStartObject();
        json.WriteString("role"u8, isModel ? "model"u8 : "user"u8);
        json.WriteStartArray("parts"u8);
        if (isModel || words.Length == 0) return;
        Text(json, words);
        words = "";
    }

    private static void EndTurn(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    private static void WriteForm(TemplateWriter body, ModelRequest request)
    {
        if (request.Form is StructuredOutput.Text) return;
        body.Json.WriteString("responseMimeType"u8, "application/json"u8);
        if (request.Form is StructuredOutput.StrictSchema) Schema("responseJsonSchema", GeminiJsonSchema.Of(request.ReplySchema));
        else if (request.Form is StructuredOutput.Schema) Schema("responseSchema", GeminiOpenApiSchema.Of(request.ReplySchema));

        void Schema(string name, GeminiSchema schema)
        {
            body.Json.WritePropertyName(name);
            schema.Json.WriteTo(body.Json);
            body.Lose(schema.Losses);
        }
    }

    private static void WriteSampling(TemplateWriter body, string model, SamplingOptions sampling)
    {
        var json = body.Json;
        if (sampling.Temperature is { } temperature) json.WriteNumber("temperature"u8, temperature);
        if (sampling.TopP is { } topP) json.WriteNumber("topP"u8, topP);
        if (sampling.Seed is >= int.MinValue and <= int.MaxValue and var seed) json.WriteNumber("seed"u8, seed);
        else if (sampling.Seed is not null) body.Lose("seed is not sent: this service takes one of 32 bits");
        if (ThinkingEffort.Of(sampling.ReasoningEffort, body) is { } effort) WriteThinking(body, model, effort);
    }

    /// <summary>
    /// Gemini 2.5 counts thinking in tokens, what came after it knows levels (ai.google.dev/gemini-api/docs/thinking). Names without a
    /// number, such as gemini-flash-latest, stand for new models.
    /// </summary>
    private static void WriteThinking(TemplateWriter body, string model, string effort)
    {
        body.Json.WriteStartObject("thinkingConfig"u8);
        if (model.StartsWith("gemini-2", StringComparison.Ordinal))
        {
            // Flash takes any number; the others have a least, and Pro cannot do without.
            var least = model.StartsWith("gemini-2.5-pro", StringComparison.Ordinal) ? LeastOfPro
                : model.StartsWith("gemini-2.5-flash-lite", StringComparison.Ordinal) && effort is not ThinkingEffort.None ? LeastOfLite
                : 0;
            if (effort is ThinkingEffort.None && least > 0) body.Lose("reasoning_effort none is sent as the least: this model always thinks");
            body.Number("thinkingBudget", r => Math.Max(least, ThinkingEffort.Tokens(effort, r)));
        }
        else
        {
            if (effort is ThinkingEffort.None) body.Lose("reasoning_effort none is sent as minimal: this model always thinks");
            body.Json.WriteString("thinkingLevel"u8, effort is ThinkingEffort.None ? "minimal" : effort);
        }

        body.Json.WriteEndObject();
    }
}
