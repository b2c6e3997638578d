using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Rowmill.Core;
using Rowmill.Core.Questions;

namespace Rowmill.Typed;

/// <summary>
/// The JSON Schema of a C# type, made of the metadata that later read the answer: an answer valid under it can be read. For one type only.
/// </summary>
internal sealed class AnswerType
{
    private const string Key = "answer";

    private readonly NullabilityInfoContext _nullability = new();
    private readonly Dictionary<Type, string> _definitions = [];
    private readonly JsonObject _definitionsJson = [];
    private readonly Stack<Type> _open = new();
    private readonly HashSet<Type> _recursive = [];
    private readonly List<Problem> _problems = [];

    private AnswerType()
    {
    }

    /// <summary>The schema of a type.</summary>
    /// <exception cref="ProblemException">The type holds something that no answer can; every problem.</exception>
    public static AnswerSchema Schema(Type type)
    {
        var reader = new AnswerType();
        var json = reader.Root(type);
        if (reader._problems.Count > 0) throw new ProblemException(reader._problems);
        var schema = AnswerSchema.Parse(
            JsonSerializer.SerializeToElement(json),
            path => throw new FileNotFoundException("A type names no file.", path),
            (path, message, fix) => reader._problems.Add(new Problem(message) { Key = $"{type.Name}.{path}".TrimEnd('.'), Fix = fix }));
        return schema ?? throw new ProblemException(reader._problems);
    }

    private JsonObject Root(Type type)
    {
        var contract = TypedJson.Options.GetTypeInfo(type);
        if (contract.Kind != JsonTypeInfoKind.Object)
        {
            _problems.Add(new Problem($"An answer is an object with named values; {type.Name} is none.") { Key = Key, Fix = "Write a record with one property for each value." });
            return [];
        }

        var schema = Object(type, contract);
        if (_recursive.Contains(type)) Unfit(type.Name, "holds itself, which only a type within the answer may", "Put it into a property of another record.");
        if (_definitionsJson.Count > 0) schema["$defs"] = _definitionsJson;
        return schema;
    }

    private JsonObject Object(Type type, JsonTypeInfo contract)
    {
        var (properties, required) = (new JsonObject(), new JsonArray());
        if (contract.PolymorphismOptions is not null) Unfit(type.Name, "is polymorphic", "Answers have one form: write one record.");
        _open.Push(type);
        foreach (var property in contract.Properties)
        {
            // Left out by [JsonIgnore], or computed.
            if ((property.Set is null && property.AssociatedParameter is null) || property.IsExtensionData) continue;
            var (nullability, isNullable) = Nullability(property);
            // What C# demands has to be there, if need be as null.
            var demanded = property.IsRequired || !isNullable;
            var schema = Value(property.PropertyType, nullability, $"{type.Name}.{property.Name}", isNullable && property.IsRequired);
            Constrain(schema, property);
            if (Notes.Of(property) is { } note) Describe(schema, note);
            properties[property.Name] = schema;
            if (demanded) required.Add(property.Name);
        }

        _open.Pop();
        var json = new JsonObject { ["type"] = "object" };
        if (Notes.Of(type) is { } about) json["description"] = about;
        json["required"] = required;
        json["properties"] = properties;
        json["additionalProperties"] = false;
        return json;
    }

    private JsonObject Value(Type type, NullabilityInfo? nullability, string where, bool orNull)
    {
        var inner = Nullable.GetUnderlyingType(type) ?? type;
        var schema = NotNull(inner, nullability, where);
        if (!orNull) return schema;
        if (schema["type"] is JsonValue one && schema["enum"] is null && schema["properties"] is null)
        {
            schema["type"] = new JsonArray(one.DeepClone(), "null");
            return schema;
        }

        return new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
    }

    private JsonObject NotNull(Type type, NullabilityInfo? nullability, string where)
    {
        if (Scalars.Of(type) is { } scalar) return scalar;
        if (type.IsEnum) return Enum(type, where);
        if (TypedJson.Options.GetTypeInfo(type) is not { } contract) throw new InvalidOperationException($"no contract of {type}");
        switch (contract.Kind)
        {
            case JsonTypeInfoKind.Enumerable:
                var items = Value(contract.ElementType!, Element(nullability), where + "[]", IsNullable(contract.ElementType!, Element(nullability)));
                var list = new JsonObject { ["type"] = "array", ["items"] = items };
                if (IsSet(type)) list["uniqueItems"] = true;
                return list;
            case JsonTypeInfoKind.Dictionary when contract.KeyType == typeof(string):
                var values = nullability?.GenericTypeArguments is [_, var second] ? second : null;
                return new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = Value(contract.ElementType!, values, where + "[]", IsNullable(contract.ElementType!, values)),
                };
            case JsonTypeInfoKind.Object when type != typeof(object):
                return Nested(type, contract);
            default:
                Unfit(where, $"is of the type {type.Name}, which no answer can be held to", "Use string (with [RegularExpression] for a form), a number, bool, an enum, a list or a record.");
                return [];
        }
    }

    /// <summary>A nested object stands where it is used; one that holds itself stands among the definitions.</summary>
    private JsonObject Nested(Type type, JsonTypeInfo contract)
    {
        if (_open.Contains(type))
        {
            _recursive.Add(type);
            return Reference(type);
        }

        if (_definitions.ContainsKey(type)) return Reference(type);
        var schema = Object(type, contract);
        if (!_recursive.Contains(type)) return schema;
        _definitionsJson[Definition(type)] = schema;
        return Reference(type);
    }

    private JsonObject Reference(Type type) => new() { ["$ref"] = $"#/$defs/{Definition(type)}" };

    private string Definition(Type type)
    {
        if (_definitions.TryGetValue(type, out var name)) return name;
        var (simple, number) = (JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name.Split('`')[0]), 1);
        name = simple;
        while (_definitions.ContainsValue(name)) name = $"{simple}_{++number}";
        return _definitions[type] = name;
    }

    private JsonObject Enum(Type type, string where)
    {
        var labels = Labels.Of(type);
        if (labels.Count == 0) Unfit(where, $"is the enum {type.Name}, which has no members", null);
        if (type.IsDefined(typeof(FlagsAttribute))) Unfit(where, $"is the enum {type.Name} of flags", $"Use a list of {type.Name} without [Flags].");
        foreach (var twice in labels.GroupBy(l => l.Label, StringComparer.Ordinal).Where(g => g.Count() > 1))
            Unfit(where, $"is the enum {type.Name}, which has the label '{twice.Key}' twice", null);
        var schema = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. labels.Select(l => (JsonNode)l.Label)]) };
        var notes = labels.Select(l => (l.Label, Note: Notes.Of(l.Member))).Where(l => l.Note is not null).Select(l => $"{l.Label}: {l.Note}").ToList();
        if (Notes.Of(type) is { } about) notes.Insert(0, about);
        if (notes.Count > 0) schema["description"] = string.Join('\n', notes);
        return schema;
    }

    /// <summary>The property's own words go before those of its type.</summary>
    private static void Describe(JsonObject schema, string note) =>
        schema["description"] = schema["description"] is { } about && schema["enum"] is not null ? $"{note}\n{about.GetValue<string>()}" : note;

    private static void Constrain(JsonObject schema, JsonPropertyInfo property)
    {
        // Beside null the schema proper is the first of two.
        var target = schema["anyOf"] is JsonArray either ? (JsonObject)either[0]! : schema;
        var isList = target["items"] is not null;
        var (least, most) = (isList ? "minItems" : "minLength", isList ? "maxItems" : "maxLength");
        if (Notes.Attribute<StringLengthAttribute>(property) is { } length) Lengths(length.MinimumLength, length.MaximumLength);
        if (Notes.Attribute<LengthAttribute>(property) is { } both) Lengths(both.MinimumLength, both.MaximumLength);
        if (Notes.Attribute<MinLengthAttribute>(property) is { } min) Lengths(min.Length, null);
        // Without an argument it is -1: as long as the store allows.
        if (Notes.Attribute<MaxLengthAttribute>(property) is { Length: >= 0 } max) Lengths(0, max.Length);
        if (Notes.Attribute<RangeAttribute>(property) is { } range)
        {
            target[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = Scalars.Number(range.Minimum);
            target[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = Scalars.Number(range.Maximum);
        }

        if (Notes.Attribute<RegularExpressionAttribute>(property) is { } expression)
        {
            // The attribute means the whole text, the keyword any part of it.
            var pattern = expression.Pattern;
            target["pattern"] = pattern is ['^', .., '$'] && !pattern.Contains('|', StringComparison.Ordinal) ? pattern : $"^(?:{pattern})$";
        }

        void Lengths(int from, int? to)
        {
            if (from > 0) target[least] = from;
            if (to is { } bound) target[most] = bound;
        }
    }

    private (NullabilityInfo? Info, bool IsNullable) Nullability(JsonPropertyInfo property)
    {
        var info = property.AttributeProvider switch
        {
            PropertyInfo p => _nullability.Create(p),
            FieldInfo f => _nullability.Create(f),
            _ => null,
        };
        return (info, IsNullable(property.PropertyType, info));
    }

    private static bool IsNullable(Type type, NullabilityInfo? info) =>
        type.IsValueType ? Nullable.GetUnderlyingType(type) is not null : info?.ReadState == NullabilityState.Nullable;

    private static NullabilityInfo? Element(NullabilityInfo? list) =>
        list?.ElementType ?? (list?.GenericTypeArguments is [var only] ? only : null);

    private static bool IsSet(Type type) => type.GetInterfaces().Append(type).Any(i =>
        i.IsGenericType && (i.GetGenericTypeDefinition() == typeof(ISet<>) || i.GetGenericTypeDefinition() == typeof(IReadOnlySet<>)));

    private void Unfit(string where, string what, string? fix) => _problems.Add(new Problem($"{where} {what}.") { Key = Key, Fix = fix });
}
