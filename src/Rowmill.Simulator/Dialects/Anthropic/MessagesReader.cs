using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Reads the body of <c>/v1/messages</c> and of its count of tokens.</summary>
internal sealed class MessagesReader(AnthropicDialect dialect, SchemaLibrary schemas)
{
    /// <summary>The header of <c>anthropic-beta</c> under which the schema stood at the top of the request.</summary>
    private const string OldFormat = "structured-outputs-2025-11-13";

    private const int LeastThinkingBudget = 1024;

    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Text,
        ["max_tokens"] = FieldRule.Integer(1),
        ["messages"] = FieldRule.Any,
        ["system"] = FieldRule.Any,
        ["output_config"] = FieldRule.Map,
        ["temperature"] = FieldRule.Number(0, 1),
        ["top_p"] = FieldRule.Number(0, 1),
        ["top_k"] = FieldRule.Integer(0),
        ["stop_sequences"] = FieldRule.Texts,
        ["metadata"] = FieldRule.Map,
        ["service_tier"] = FieldRule.Choice("auto", "standard_only"),
        ["thinking"] = FieldRule.Map,
        ["tools"] = FieldRule.Any,
        ["tool_choice"] = FieldRule.Map,
        ["stream"] = FieldRule.NotSimulated,
        ["container"] = FieldRule.NotSimulated,
        ["context_management"] = FieldRule.NotSimulated,
        ["mcp_servers"] = FieldRule.NotSimulated,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, FieldRule> s_outputConfig = Rules(("effort", FieldRule.Text), ("format", FieldRule.Map));
    private static readonly FrozenDictionary<string, FieldRule> s_format = Rules(("type", FieldRule.Choice("json_schema")), ("schema", FieldRule.Map));
    private static readonly FrozenDictionary<string, FieldRule> s_message = Rules(("role", FieldRule.Text), ("content", FieldRule.Any));
    private static readonly FrozenDictionary<string, FieldRule> s_metadata = Rules(("user_id", FieldRule.Text));
    private static readonly FrozenDictionary<string, FieldRule> s_thinking = Rules(
        ("type", FieldRule.Choice("enabled", "disabled", "adaptive")), ("budget_tokens", FieldRule.Integer(LeastThinkingBudget)), ("display", FieldRule.Text));

    /// <summary>The request, or the first mistake.</summary>
    /// <param name="body">An object.</param>
    /// <param name="place">Where it was sent.</param>
    /// <param name="asked">False when only its tokens are to be counted, which needs no output limit.</param>
    public (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place, bool asked)
    {
        var old = place.Version?.Contains(OldFormat, StringComparison.Ordinal) == true;
        if (!old || !body.TryGetProperty("output_format", out _))
        {
            if (FieldCheck.Check(dialect, s_fields, body) is { } misfit) return (null, misfit);
        }

        var missing = asked
            ? FieldCheck.Required(dialect, body, "", "max_tokens", "messages", "model")
            : FieldCheck.Required(dialect, body, "", "messages", "model");
        if (missing is not null) return (null, missing);
        if (Json.Has(body, "metadata", out var metadata) && FieldCheck.Check(dialect, s_metadata, metadata, "metadata") is { } wrong) return (null, wrong);

        var content = new ContentReader(dialect);
        var messages = new List<ChatMessage>();
        if (content.System(body, messages) is { } flaw) return (null, flaw);
        if (Messages(body, content, messages) is { } mistake) return (null, mistake);
        var (tool, form, error) = new ToolReader(dialect, schemas).Read(body, content);
        if (error is not null) return (null, error);
        if (tool is null)
        {
            (form, error) = Form(body, old);
            if (error is not null) return (null, error);
            if (form.IsJson && messages[^1].Role == "assistant")
            {
                return (null, dialect.Refuse("Prefilling assistant messages is not supported with structured outputs"));
            }
        }

        var (thoughts, refused) = Thinking(body, tool);
        if (refused is not null) return (null, refused);
        return (new ChatRequest
        {
            Model = body.GetProperty("model").GetString()!,
            Messages = messages,
            Form = form,
            MaxTokens = Json.Integer(body, "max_tokens"),
            MaxThoughts = thoughts,
            ShowsThoughts = true,
            Tool = tool,
            ServiceTier = place.Form == MessagesWire.Batch ? MessagesWire.Batch : null,
            Cache = content.Cache,
        }, null);
    }

    private ErrorReply? Messages(JsonElement body, ContentReader content, List<ChatMessage> messages)
    {
        var list = body.GetProperty("messages");
        if (list.ValueKind != JsonValueKind.Array) return dialect.WrongType("messages", "a list", Json.TypeName(list));
        if (list.GetArrayLength() == 0) return dialect.EmptyArray("messages");
        var index = 0;
        foreach (var message in list.EnumerateArray())
        {
            var path = $"messages.{index++}";
            if (message.ValueKind != JsonValueKind.Object) return dialect.WrongType(path, "an object", Json.TypeName(message));
            if (FieldCheck.Check(dialect, s_message, message, path) is { } misfit) return misfit;
            if (FieldCheck.Required(dialect, message, path, "content", "role") is { } missing) return missing;
            var role = message.GetProperty("role").GetString()!;
            if (role == "system")
            {
                return dialect.Refuse("messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" "
                    + "as an input message role.");
            }

            if (role is not ("user" or "assistant")) return dialect.BadChoice($"{path}.role", role, ["user", "assistant"]);
            var (text, flaw) = content.Read(message.GetProperty("content"), $"{path}.content", "messages");
            if (flaw is not null) return flaw;
            messages.Add(new ChatMessage(role, text));
        }

        return null;
    }

    private (ResponseForm Form, ErrorReply? Error) Form(JsonElement body, bool old)
    {
        var path = "output_config.format";
        JsonElement format;
        if (old && Json.Has(body, "output_format", out format))
        {
            path = "output_format";
        }
        else
        {
            if (!Json.Has(body, "output_config", out var config)) return (ResponseForm.Text, null);
            if (FieldCheck.Check(dialect, s_outputConfig, config, "output_config") is { } misfit) return (ResponseForm.Text, misfit);
            if (!Json.Has(config, "format", out format)) return (ResponseForm.Text, null);
        }

        var wrong = FieldCheck.Check(dialect, s_format, format, path) ?? FieldCheck.Required(dialect, format, path, "type", "schema");
        if (wrong is not null) return (ResponseForm.Text, wrong);
        var schema = format.GetProperty("schema");
        var (shape, flaw) = schemas.Sent(schema, SchemaRules.Anthropic);
        if (flaw is not null) return (ResponseForm.Text, dialect.FlawedSchema($"{path}.schema", flaw));
        return (new ResponseForm(IsJson: true, shape, Encoding.UTF8.GetByteCount(schema.GetRawText())) { Kind = SimulatorForm.StrictSchema }, null);
    }

    /// <summary>How much it may think: nothing unless it is told to.</summary>
    private (int? Thoughts, ErrorReply? Error) Thinking(JsonElement body, string? tool)
    {
        if (!Json.Has(body, "thinking", out var thinking)) return (0, null);
        var wrong = FieldCheck.Check(dialect, s_thinking, thinking, "thinking") ?? FieldCheck.Required(dialect, thinking, "thinking", "type");
        if (wrong is not null) return (null, wrong);
        var type = thinking.GetProperty("type").GetString();
        if (type == "disabled") return (0, null);
        if (tool is not null) return (null, dialect.Refuse("Thinking may not be enabled when tool_choice forces tool use."));
        if (Json.Has(body, "temperature", out var temperature) && temperature.GetDouble() != 1)
        {
            return (null, dialect.Refuse("`temperature` may only be set to 1 when thinking is enabled."));
        }

        if (type == "adaptive") return (null, null);
        if (Json.Integer(thinking, "budget_tokens") is not { } budget) return (null, dialect.Missing("thinking.enabled.budget_tokens"));
        return budget >= Json.Integer(body, "max_tokens")
            ? (null, dialect.Refuse("`max_tokens` must be greater than `thinking.budget_tokens`."))
            : (budget, null);
    }

    private static FrozenDictionary<string, FieldRule> Rules(params (string Name, FieldRule Rule)[] rules) =>
        rules.ToFrozenDictionary(r => r.Name, r => r.Rule, StringComparer.Ordinal);
}
