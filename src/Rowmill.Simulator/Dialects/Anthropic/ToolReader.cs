using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Reads tools as far as they stand for a form of the answer: one that the model is told to call.</summary>
internal sealed class ToolReader(AnthropicDialect dialect, SchemaLibrary schemas)
{
    private static readonly FrozenDictionary<string, FieldRule> s_tool = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["type"] = FieldRule.Choice("custom"),
        ["name"] = FieldRule.Text with { MaxLength = 128 },
        ["description"] = FieldRule.Text,
        ["input_schema"] = FieldRule.Map,
        ["strict"] = FieldRule.Boolean,
        ["cache_control"] = FieldRule.Map,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, FieldRule> s_choice = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["type"] = FieldRule.Choice("auto", "any", "tool", "none"),
        ["name"] = FieldRule.Text,
        ["disable_parallel_tool_use"] = FieldRule.Boolean,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The tool that must be called and the form of its input; null when the answer is text.</summary>
    public (string? Tool, ResponseForm Form, ErrorReply? Error) Read(JsonElement body, ContentReader content)
    {
        var (wanted, error) = Choice(body);
        if (error is not null) return (null, ResponseForm.Text, error);
        if (!Json.Has(body, "tools", out var tools))
        {
            return (null, ResponseForm.Text, wanted is null ? null : dialect.Refuse("tool_choice: tools must be provided with tool_choice"));
        }

        if (tools.ValueKind != JsonValueKind.Array) return (null, ResponseForm.Text, dialect.WrongType("tools", "a list", Json.TypeName(tools)));
        (string Name, ResponseForm Form)? found = null;
        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var (form, wrong) = Tool(tool, $"tools.{index++}.custom", content);
            if (wrong is not null) return (null, ResponseForm.Text, wrong);
            var name = tool.GetProperty("name").GetString()!;
            if (wanted is not null && found is null && (wanted.Length == 0 || wanted == name)) found = (name, form);
        }

        if (wanted is null) return (null, ResponseForm.Text, null);
        return found is { } called
            ? (called.Name, called.Form, null)
            : (null, ResponseForm.Text, dialect.Refuse($"tool_choice: Tool '{wanted}' not found in provided tools"));
    }

    /// <summary>The tool that the request forces, empty for any; null when it forces none.</summary>
    private (string? Tool, ErrorReply? Error) Choice(JsonElement body)
    {
        if (!Json.Has(body, "tool_choice", out var choice)) return (null, null);
        var wrong = FieldCheck.Check(dialect, s_choice, choice, "tool_choice") ?? FieldCheck.Required(dialect, choice, "tool_choice", "type");
        if (wrong is not null) return (null, wrong);
        switch (choice.GetProperty("type").GetString())
        {
            case "any": return ("", null);
            case "tool":
                return Json.Has(choice, "name", out var name) ? (name.GetString()!, null) : (null, dialect.Missing("tool_choice.tool.name"));
            default: return (null, null);
        }
    }

    private (ResponseForm Form, ErrorReply? Error) Tool(JsonElement tool, string path, ContentReader content)
    {
        if (tool.ValueKind != JsonValueKind.Object) return (ResponseForm.Text, dialect.WrongType(path, "an object", Json.TypeName(tool)));
        var wrong = FieldCheck.Check(dialect, s_tool, tool, path) ?? FieldCheck.Required(dialect, tool, path, "name", "input_schema");
        if (wrong is not null) return (ResponseForm.Text, wrong);
        var schema = tool.GetProperty("input_schema");
        if (!schema.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || !type.ValueEquals("object"))
        {
            return (ResponseForm.Text, type.ValueKind == JsonValueKind.Undefined
                ? dialect.Missing($"{path}.input_schema.type")
                : dialect.BadChoice($"{path}.input_schema.type", type.ToString(), ["object"]));
        }

        var strict = Json.Has(tool, "strict", out var flag) && flag.ValueKind == JsonValueKind.True;
        var (shape, flaw) = schemas.Sent(schema, strict ? SchemaRules.Anthropic : SchemaRules.None);
        if (flaw is not null) return (ResponseForm.Text, dialect.FlawedSchema($"{path}.input_schema", flaw));
        content.Add(schema.GetRawText());
        if (content.Mark(tool, path) is { } marked) return (ResponseForm.Text, marked);
        return (new ResponseForm(IsJson: true, shape, Encoding.UTF8.GetByteCount(schema.GetRawText())) { Kind = SimulatorForm.Schema }, null);
    }
}
