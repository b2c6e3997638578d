using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.OpenAi;

/// <summary>The body of a chat completion request.</summary>
internal static class OpenAiRequest
{
    public static void Write(TemplateWriter body, string model, ModelRequest request, WireHabits habits, string outputLimit)
    {
        var json = body.Json;
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        body.Messages(request);
        WriteForm(body, request);
        WriteSampling(json, habits.Sent(request.Sampling));
        body.Number(outputLimit, r => r.MaxOutputTokens);
        json.WriteEndObject();
        foreach (var option in habits.Unsent(request.Sampling)) body.Lose($"{option} is not sent: the model refuses it");
    }

    private static void WriteForm(TemplateWriter body, ModelRequest request)
    {
        if (request.Form is StructuredOutput.Text) return;
        var json = body.Json;
        json.WriteStartObject("response_format"u8);
        if (request.Form is StructuredOutput.JsonMode)
        {
            json.WriteString("type"u8, "json_object"u8);
        }
        else
        {
            var strict = request.Form is StructuredOutput.StrictSchema ? StrictSchema.Of(request.ReplySchema) : null;
            json.WriteString("type"u8, "json_schema"u8);
            json.WriteStartObject("json_schema"u8);
            json.WriteString("name"u8, "rows"u8);
            json.WriteBoolean("strict"u8, strict is not null);
            if (strict is null)
            {
                body.Schema("schema", request.ReplySchema);
            }
            else
            {
                json.WritePropertyName("schema"u8);
                strict.Json.WriteTo(json);
            }

            json.WriteEndObject();
            body.Lose(strict?.Losses ?? []);
        }

        json.WriteEndObject();
    }

    private static void WriteSampling(Utf8JsonWriter json, SamplingOptions sampling)
    {
        if (sampling.Temperature is { } temperature) json.WriteNumber("temperature"u8, temperature);
        if (sampling.TopP is { } topP) json.WriteNumber("top_p"u8, topP);
        if (sampling.Seed is { } seed) json.WriteNumber("seed"u8, seed);
        if (sampling.ReasoningEffort is { } effort) json.WriteString("reasoning_effort"u8, effort);
    }
}
