using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Reads <c>response_format</c>, strictly where the dialect does.</summary>
internal sealed class ResponseFormatReader(CompatibleDialect dialect, SchemaLibrary schemas)
{
    private const int MaxName = 64;
    private static readonly string[] s_types = ["json_object", "json_schema", "text"];
    private static readonly string[] s_fields = ["name", "description", "schema", "strict"];

    /// <summary>The form asked for, or the first mistake.</summary>
    public (ResponseForm Form, ErrorReply? Error) Read(JsonElement body, IReadOnlyList<ChatMessage> messages)
    {
        if (!body.TryGetProperty("response_format", out var format) || format.ValueKind == JsonValueKind.Null) return (ResponseForm.Text, null);
        if (format.ValueKind != JsonValueKind.Object) return Error(dialect.WrongType("response_format", "an object", Json.TypeName(format)));
        if (!format.TryGetProperty("type", out var type)) return Error(dialect.Missing("response_format.type"));
        if (type.ValueKind != JsonValueKind.String) return Error(dialect.WrongType("response_format.type", "a string", Json.TypeName(type)));
        if (!dialect.IgnoresUnknownFields)
        {
            if (!s_types.Contains(type.GetString()!, StringComparer.Ordinal))
            {
                return Error(dialect.BadChoice("response_format.type", type.GetString()!, s_types));
            }

            var schemaIsSent = type.ValueEquals("json_schema");
            foreach (var field in format.EnumerateObject())
            {
                if (field.NameEquals("type") || (schemaIsSent && field.NameEquals("json_schema"))) continue;
                return Error(dialect.UnknownNested($"response_format.{field.Name}"));
            }
        }

        if (type.ValueEquals("json_schema")) return Schema(format);
        if (!type.ValueEquals("json_object")) return (ResponseForm.Text, null);
        if (dialect.TakesFlatSchema && Json.Has(format, "schema", out var flat)) return Compiled(flat, "", "response_format.schema", strict: false);
        return !dialect.WantsJsonWord || messages.Any(m => m.Text.Contains("json", StringComparison.OrdinalIgnoreCase))
            ? (new ResponseForm(IsJson: true, null, 0) { Kind = SimulatorForm.JsonObject }, null)
            : Error(dialect.NoJsonWord());
    }

    private (ResponseForm Form, ErrorReply? Error) Schema(JsonElement format)
    {
        const string Path = "response_format.json_schema";
        if (dialect.TakesFlatSchema && Json.Has(format, "schema", out var flat)) return Compiled(flat, "", "response_format.schema", strict: false);
        if (!format.TryGetProperty("json_schema", out var sent) || sent.ValueKind == JsonValueKind.Null) return Error(dialect.Missing(Path));
        if (sent.ValueKind != JsonValueKind.Object) return Error(dialect.WrongType(Path, "an object", Json.TypeName(sent)));
        var strict = false;
        var name = "";
        if (dialect.ObeysStrict)
        {
            foreach (var field in sent.EnumerateObject())
            {
                if (!s_fields.Contains(field.Name, StringComparer.Ordinal)) return Error(dialect.UnknownNested($"{Path}.{field.Name}"));
            }

            if (Name(sent, $"{Path}.name") is { } flaw) return Error(flaw);
            name = sent.GetProperty("name").GetString()!;
            if (sent.TryGetProperty("strict", out var flag) && flag.ValueKind != JsonValueKind.Null)
            {
                if (flag.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                {
                    return Error(dialect.WrongType($"{Path}.strict", "a boolean", Json.TypeName(flag)));
                }

                strict = flag.ValueKind == JsonValueKind.True;
            }
        }

        if (!Json.Has(sent, "schema", out var schema))
        {
            return strict ? Error(dialect.Missing($"{Path}.schema")) : (new ResponseForm(IsJson: true, null, 0) { Kind = SimulatorForm.Schema }, null);
        }

        return Compiled(schema, name, $"{Path}.schema", strict);
    }

    private (ResponseForm Form, ErrorReply? Error) Compiled(JsonElement schema, string name, string path, bool strict)
    {
        if (schema.ValueKind != JsonValueKind.Object) return Error(dialect.WrongType(path, "an object", Json.TypeName(schema)));
        var (shape, wrong) = schemas.Sent(schema, strict ? SchemaRules.OpenAiStrict : SchemaRules.None);
        if (wrong is not null) return Error(dialect.FlawedSchema(name, wrong));
        var kind = strict ? SimulatorForm.StrictSchema : SimulatorForm.Schema;
        return (new ResponseForm(IsJson: true, shape, Encoding.UTF8.GetByteCount(schema.GetRawText())) { Kind = kind }, null);
    }

    private ErrorReply? Name(JsonElement sent, string path)
    {
        if (!sent.TryGetProperty("name", out var value) || value.ValueKind == JsonValueKind.Null) return dialect.Missing(path);
        if (value.ValueKind != JsonValueKind.String) return dialect.WrongType(path, "a string", Json.TypeName(value));
        var name = value.GetString()!;
        if (name.Length > MaxName) return dialect.TooLong(path, MaxName, name.Length);
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            ? null
            : ErrorReply.Bad(
                $"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
                path,
                "invalid_value");
    }

    private static (ResponseForm Form, ErrorReply? Error) Error(ErrorReply error) => (ResponseForm.Text, error);
}
