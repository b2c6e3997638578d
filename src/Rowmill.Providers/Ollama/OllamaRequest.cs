using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;

namespace Rowmill.Providers.Ollama;

/// <summary>The body of a request to <c>/api/chat</c>.</summary>
internal static class OllamaRequest
{
    /// <summary>A pause between requests, for instance after a limit of another model, does not unload the model; Ollama's own is five minutes.</summary>
    private const string KeepAlive = "10m";

    public static void Write(TemplateWriter body, string model, ModelRequest request, WireHabits habits)
    {
        var json = body.Json;
        var sampling = habits.Sent(request.Sampling);
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        body.Messages(request);
        json.WriteBoolean("stream"u8, false);
        WriteThink(json, model, sampling.ReasoningEffort);
        WriteForm(json, request);
        json.WriteStartObject("options"u8);
        if (sampling.Temperature is { } temperature) json.WriteNumber("temperature"u8, temperature);
        if (sampling.TopP is { } topP) json.WriteNumber("top_p"u8, topP);
        if (sampling.Seed is { } seed) json.WriteNumber("seed"u8, seed);
        body.Number("num_ctx", r => r.ContextTokens);
        body.Number("num_predict", r => r.MaxOutputTokens);
        json.WriteEndObject();
        json.WriteString("keep_alive"u8, KeepAlive);
        // Otherwise what is too long is cut without a word, and a reply that runs over pushes out the prompt's beginning.
        json.WriteBoolean("truncate"u8, false);
        json.WriteBoolean("shift"u8, false);
        json.WriteEndObject();
        foreach (var option in habits.Unsent(request.Sampling)) body.Lose($"{option} is not sent: the model refuses it");
    }

    private static void WriteForm(Utf8JsonWriter json, ModelRequest request)
    {
        switch (request.Form)
        {
            case StructuredOutput.StrictSchema or StructuredOutput.Schema:
                json.WritePropertyName("format"u8);
                json.WriteRawValue(request.ReplySchema.Span);
                break;
            case StructuredOutput.JsonMode:
                json.WriteString("format"u8, "json"u8);
                break;
        }
    }

    /// <summary>Levels are for gpt-oss alone, which has three; all others think or do not (server/routes.go).</summary>
    private static void WriteThink(Utf8JsonWriter json, string model, string? effort)
    {
        if (effort is null) return;
        if (effort is "none") json.WriteBoolean("think"u8, false);
        else if (!model.Contains("gpt-oss", StringComparison.OrdinalIgnoreCase)) json.WriteBoolean("think"u8, true);
        else json.WriteString("think"u8, effort switch { "minimal" => "low", "xhigh" or "max" => "high", _ => effort });
    }
}
