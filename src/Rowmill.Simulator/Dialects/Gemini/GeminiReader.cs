using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Reads the body of <c>:generateContent</c>.</summary>
internal sealed class GeminiReader(SchemaLibrary schemas)
{
    private const string Root = "* GenerateContentRequest.";
    private const string Config = $"{Root}generation_config.";

    private static readonly string[] s_mimeTypes = ["text/plain", "application/json", "text/x.enum"];
    private static readonly string[] s_foreign =
        ["inlineData", "inline_data", "fileData", "file_data", "functionCall", "function_call", "functionResponse", "function_response"];

    /// <summary>The request, or the first mistake.</summary>
    public (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, string model)
    {
        if (ProtoMessages.GenerateContent.Check(body) is { } unknown) return (null, unknown);
        var (messages, flaw) = Messages(body);
        if (flaw is not null) return (null, flaw);
        if (ProtoMessage.Has(body, "cachedContent", "cached_content", out _))
        {
            return (null, GoogleErrors.Error(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)"));
        }

        if (Json.Has(body, "tools", out var tools) && tools.ValueKind == JsonValueKind.Array && tools.GetArrayLength() > 0)
        {
            return (null, GoogleErrors.Invalid("The simulator does not simulate 'tools'."));
        }

        var config = ProtoMessage.Has(body, "generationConfig", "generation_config", out var given) ? given : JsonElement.Parse("{}");
        if (Ranges(config) is { } range) return (null, range);
        var (form, mistake) = Form(config);
        if (mistake is not null) return (null, mistake);
        var thinks = ProtoMessage.Has(config, "thinkingConfig", "thinking_config", out var thinking);
        var budget = thinks ? ProtoMessage.Integer(thinking, "thinkingBudget", "thinking_budget") : null;
        return (new ChatRequest
        {
            Model = model,
            Messages = messages,
            Form = form,
            MaxTokens = (int?)ProtoMessage.Integer(config, "maxOutputTokens", "max_output_tokens"),
            Choices = (int)(ProtoMessage.Integer(config, "candidateCount", "candidate_count") ?? 1),
            // -1 leaves it to the model.
            MaxThoughts = budget is >= 0 ? (int)budget : null,
            ShowsThoughts = thinks && ProtoMessage.Has(thinking, "includeThoughts", "include_thoughts", out var shown)
                && shown.ValueKind == JsonValueKind.True,
        }, null);
    }

    /// <summary>The messages, the instruction first, or the first mistake.</summary>
    public static (IReadOnlyList<ChatMessage> Messages, ErrorReply? Error) Messages(JsonElement body)
    {
        var messages = new List<ChatMessage>();
        if (ProtoMessage.Has(body, "systemInstruction", "system_instruction", out var instruction))
        {
            var (text, wrong) = Parts(instruction, "system_instruction");
            if (wrong is not null) return ([], wrong);
            messages.Add(new ChatMessage("system", text));
        }

        if (!Json.Has(body, "contents", out var contents) || (contents.ValueKind == JsonValueKind.Array && contents.GetArrayLength() == 0))
        {
            return ([], GoogleErrors.Invalid($"{Root}contents: contents is not specified\n"));
        }

        var index = 0;
        foreach (var content in Items(contents))
        {
            var role = Json.Has(content, "role", out var given) ? given.GetString() : "user";
            if (role is not ("user" or "model")) return ([], GoogleErrors.Invalid("Please use a valid role: user, model."));
            var (text, wrong) = Parts(content, $"contents[{index++}]");
            if (wrong is not null) return ([], wrong);
            messages.Add(new ChatMessage(role, text));
        }

        return (messages, null);
    }

    /// <summary>The text of a content.</summary>
    public static (string Text, ErrorReply? Error) Parts(JsonElement content, string place)
    {
        if (!Json.Has(content, "parts", out var parts) || !Items(parts).Any())
        {
            return ("", GoogleErrors.Invalid($"{Root}{place}.parts: contents.parts must not be empty.\n"));
        }

        var texts = new StringBuilder();
        var index = 0;
        foreach (var part in Items(parts))
        {
            if (Json.Has(part, "text", out var text)) texts.Append(text.GetString());
            else if (s_foreign.Any(name => Json.Has(part, name, out _)))
            {
                return ("", GoogleErrors.Invalid($"The simulator does not simulate '{part.EnumerateObject().First().Name}'."));
            }
            else
            {
                return ("", GoogleErrors.Invalid(
                    $"{Root}{place}.parts[{index}].data: required oneof field 'data' must have one initialized field\n"));
            }

            index++;
        }

        return (texts.ToString(), null);
    }

    private static ErrorReply? Ranges(JsonElement config)
    {
        if (Real("temperature", "temperature") is < 0 or > 2) return Wrong("temperature", "temperature must be in the range [0.0, 2.0].");
        if (Real("topP", "top_p") is < 0 or > 1) return Wrong("top_p", "top_p must be in the range [0.0, 1.0].");
        if (Whole("topK", "top_k") < 1) return Wrong("top_k", "top_k must be positive.");
        if (Whole("maxOutputTokens", "max_output_tokens") is < 1 or > int.MaxValue) return Wrong("max_output_tokens", "max_output_tokens must be positive.");
        if (Whole("candidateCount", "candidate_count") is < 1 or > 8) return Wrong("candidate_count", "candidate_count must be in the range [1, 8].");
        if (Whole("seed", "seed") is < int.MinValue or > int.MaxValue) return Wrong("seed", "seed must be an int32.");
        return ProtoMessage.Has(config, "stopSequences", "stop_sequences", out var stops) && Items(stops).Count() > 5
            ? Wrong("stop_sequences", "at most 5 stop sequences are allowed.")
            : null;

        double? Real(string camel, string snake) => ProtoMessage.Has(config, camel, snake, out var value) ? value.GetDouble() : null;

        long? Whole(string camel, string snake) => ProtoMessage.Integer(config, camel, snake);

        static ErrorReply Wrong(string field, string why) => GoogleErrors.Invalid($"{Config}{field}: {why}\n");
    }

    private (ResponseForm Form, ErrorReply? Error) Form(JsonElement config)
    {
        var mime = ProtoMessage.Has(config, "responseMimeType", "response_mime_type", out var type) ? type.GetString()! : "text/plain";
        if (!s_mimeTypes.Contains(mime, StringComparer.Ordinal))
        {
            return Error($"{Config}response_mime_type: allowed mimetypes are `text/plain`, `application/json`, `application/xml`, "
                + "`application/yaml` and `text/x.enum`.\n");
        }

        var open = ProtoMessage.Has(config, "responseSchema", "response_schema", out var schema);
        var json = ProtoMessage.Has(config, "responseJsonSchema", "response_json_schema", out var jsonSchema)
            || ProtoMessage.Has(config, "_responseJsonSchema", "_response_json_schema", out jsonSchema);
        if (!open && !json) return (mime == "application/json" ? new ResponseForm(IsJson: true, null, 0) { Kind = SimulatorForm.JsonObject } : ResponseForm.Text, null);
        var field = open ? "response_schema" : "response_json_schema";
        if (open && json) return Error($"{Config}response_schema: only one of response_schema and response_json_schema may be set.\n");
        if (mime == "text/plain") return Error($"{Config}response_mime_type: {field} requires response_mime_type to be `application/json` or `text/x.enum`.\n");
        var sent = open ? schema : jsonSchema;
        if (sent.ValueKind != JsonValueKind.Object) return Error($"{Config}{field}: schema must be an object.\n");
        var (shape, wrong) = schemas.Sent(sent, open ? SchemaRules.GeminiOpenApi : SchemaRules.GeminiJson);
        if (wrong is not null) return Error($"{Config}{field}{string.Concat(wrong.Path.Select(p => $".{p}"))}: {Why(wrong)}\n");
        var kind = open ? SimulatorForm.Schema : SimulatorForm.StrictSchema;
        return (new ResponseForm(IsJson: true, shape, Encoding.UTF8.GetByteCount(sent.GetRawText())) { Kind = kind }, null);
    }

    private static string Why(SchemaFlaw flaw) => flaw.Kind switch
    {
        SchemaFlawKind.Keyword => $"keyword '{flaw.Subject}' is not supported",
        _ => flaw.Subject,
    };

    /// <summary>The items of a list, or the only one without brackets.</summary>
    private static IEnumerable<JsonElement> Items(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];

    private static (ResponseForm Form, ErrorReply? Error) Error(string message) => (ResponseForm.Text, GoogleErrors.Invalid(message));
}
