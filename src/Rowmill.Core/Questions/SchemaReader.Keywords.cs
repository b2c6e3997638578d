using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>The keywords that hold no schema.</summary>
internal sealed partial class SchemaReader
{
    private readonly Dictionary<string, JsonElement[]?> _files = new(StringComparer.Ordinal);

    private void ReadSimple(SchemaNode node, JsonProperty keyword, string at, List<string> required)
    {
        var value = keyword.Value;
        switch (keyword.Name)
        {
            case "type":
                node.Types = ReadTypes(value, at);
                break;
            case "enum":
                if (ReadEnum(value, at) is { } values) node.Enum = new AllowedValues(values);
                break;
            case "const":
                node.Const = new AllowedValues([value]);
                break;
            case "required":
                ReadRequired(value, at, required);
                break;
            case "additionalProperties":
                if (value.ValueKind == JsonValueKind.False) node.Additional = SchemaNode.Never;
                else if (value.ValueKind != JsonValueKind.True) Report(at, $"Must be true, false or a schema, not {AnswerErrors.Show(value)}.", null);
                break;
            case "uniqueItems":
                node.UniqueItems = ReadFlag(value, at);
                break;
            case "minItems":
                node.MinItems = ReadCount(value, at) ?? 0;
                break;
            case "maxItems":
                node.MaxItems = ReadCount(value, at) ?? int.MaxValue;
                break;
            case "minLength":
                node.MinLength = ReadCount(value, at) ?? 0;
                break;
            case "maxLength":
                node.MaxLength = ReadCount(value, at) ?? int.MaxValue;
                break;
            case "minimum":
                node.Minimum = ReadNumber(value, at);
                break;
            case "maximum":
                node.Maximum = ReadNumber(value, at);
                break;
            case "exclusiveMinimum":
                node.ExclusiveMinimum = ReadNumber(value, at);
                break;
            case "exclusiveMaximum":
                node.ExclusiveMaximum = ReadNumber(value, at);
                break;
            case "pattern":
                if (ReadText(value, at) is not { } pattern) break;
                node.Pattern = EcmaPattern.Compile(pattern, out var error);
                node.PatternShown = AnswerErrors.Line(Encoding.UTF8.GetBytes(pattern));
                if (error is not null) Report(at, $"The pattern does not compile: {error}", null);
                break;
            case "$ref":
                if (ReadText(value, at) is { } reference) _links.Refer(node, reference, at);
                break;
            case "title" or "description":
                ReadText(value, at);
                break;
            default:
                Report(at, $"'{keyword.Name}' is not a keyword of answer schemas.", SchemaKeywords.Fix(keyword.Name));
                break;
        }
    }

    /// <summary>The types a value of <c>type</c> names; none when it is malformed.</summary>
    private static JsonTypes TypesOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) return JsonTypeNames.Parse(value.GetString()!);
        var types = JsonTypes.None;
        if (value.ValueKind != JsonValueKind.Array) return types;
        foreach (var name in value.EnumerateArray())
        {
            if (name.ValueKind == JsonValueKind.String) types |= JsonTypeNames.Parse(name.GetString()!);
        }

        return types;
    }

    private JsonTypes ReadTypes(JsonElement value, string at)
    {
        var isList = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0;
        if (!isList && value.ValueKind != JsonValueKind.String)
        {
            Report(at, $"Must be the name of a type or a list of names, not {AnswerErrors.Show(value)}.", FixNull(value));
            return JsonTypes.All;
        }

        var seen = JsonTypes.None;
        var index = 0;
        foreach (var name in isList ? value.EnumerateArray().ToArray() : [value])
        {
            var here = isList ? $"{at}[{index++}]" : at;
            var type = name.ValueKind == JsonValueKind.String ? JsonTypeNames.Parse(name.GetString()!) : JsonTypes.None;
            if (type == JsonTypes.None)
            {
                var fix = name.ValueKind == JsonValueKind.String ? NearestName.Suggest(name.GetString()!, JsonTypeNames.Known) : FixNull(name);
                Report(here, $"{AnswerErrors.Show(name)} is not the name of a type.", fix);
            }
            else if (seen.Has(type))
            {
                Report(here, $"The type {AnswerErrors.Show(name)} stands here twice.", "Remove one.");
            }

            seen |= type;
        }

        return seen == JsonTypes.None ? JsonTypes.All : seen;
    }

    /// <summary>YAML reads a bare null as no value.</summary>
    private static string? FixNull(JsonElement value) =>
        value.ValueKind is JsonValueKind.Null ? "Quote it: \"null\"." : $"Known are {string.Join(", ", JsonTypeNames.Known)}.";

    private JsonElement[]? ReadEnum(JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            Report(at, $"Must be a list of values, not {AnswerErrors.Show(value)}.", null);
            return null;
        }

        JsonElement[] values = [.. value.EnumerateArray()];
        if (values.Length == 0) Report(at, "The list of values is empty, so no answer would be valid.", null);
        return values.Length > 0 && AreDistinct(values, at, "value") ? values : null;
    }

    private void ReadLabels(SchemaNode node, JsonElement value, string at, JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out _)) Report(at, "'enum' and 'enum_file' stand side by side.", "Keep one of them.");
        if (ReadText(value, at) is not { } file) return;
        if (!_files.TryGetValue(file, out var labels)) _files[file] = labels = LoadLabels(file, at);
        if (labels is null) return;
        node.Enum = new AllowedValues(labels);
        _json.WriteStartArray("enum");
        foreach (var label in labels) label.WriteTo(_json);
        _json.WriteEndArray();
    }

    private JsonElement[]? LoadLabels(string file, string at)
    {
        IReadOnlyList<string> lines;
        try
        {
            lines = _readLabels(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(at, $"The labels cannot be read: {e.Message}", null);
            return null;
        }

        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_compact))
        {
            json.WriteStartArray();
            foreach (var line in lines)
            {
                var label = line.Trim().Trim('\uFEFF');
                if (label.Length > 0) json.WriteStringValue(label);
            }

            json.WriteEndArray();
        }

        using var document = JsonDocument.Parse(buffer.ToArray());
        JsonElement[] labels = [.. document.RootElement.Clone().EnumerateArray()];
        if (labels.Length == 0) Report(at, $"The file '{file}' holds no labels.", "Write one label a line.");
        return labels.Length > 0 && AreDistinct(labels, at, $"'{file}' label") ? labels : null;
    }

    private bool AreDistinct(JsonElement[] values, string at, string what)
    {
        const int told = 10;
        var groups = values.GroupBy(JsonHash.Of);
        var repeated = new List<JsonElement>();
        foreach (var group in groups)
        {
            var distinct = new List<JsonElement>();
            foreach (var value in group)
            {
                if (!distinct.Exists(d => JsonElement.DeepEquals(d, value))) distinct.Add(value);
                else if (!repeated.Exists(r => JsonElement.DeepEquals(r, value))) repeated.Add(value);
            }
        }

        foreach (var value in repeated.Take(told)) Report(at, $"The {what} {AnswerErrors.Show(value)} is listed more than once.", "Remove one.");
        if (repeated.Count > told) Report(at, $"{repeated.Count - told} more are listed more than once.", null);
        return repeated.Count == 0;
    }

    private void ReadRequired(JsonElement value, string at, List<string> required)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            Report(at, $"Must be a list of property names, not {AnswerErrors.Show(value)}.", null);
            return;
        }

        var index = -1;
        foreach (var name in value.EnumerateArray())
        {
            index++;
            if (name.ValueKind != JsonValueKind.String) Report($"{at}[{index}]", $"Must be a property name, not {AnswerErrors.Show(name)}.", null);
            else if (required.Contains(name.GetString()!)) Report($"{at}[{index}]", $"{AnswerErrors.Show(name)} stands here twice.", "Remove one.");
            else required.Add(name.GetString()!);
        }
    }

    private string? ReadText(JsonElement value, string at)
    {
        if (value.ValueKind == JsonValueKind.String) return value.GetString();
        Report(at, $"Must be text, not {AnswerErrors.Show(value)}.", null);
        return null;
    }

    private bool ReadFlag(JsonElement value, string at)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Report(at, $"Must be true or false, not {AnswerErrors.Show(value)}.", null);
        return value.ValueKind == JsonValueKind.True;
    }

    private int? ReadCount(JsonElement value, string at)
    {
        if (value.ValueKind == JsonValueKind.Number && JsonNumber.IsInteger(value)
            && JsonNumber.Read(value).Exact is >= 0 and <= int.MaxValue and var count)
        {
            return (int)count;
        }

        Report(at, $"Must be a whole number from 0 to {int.MaxValue}, not {AnswerErrors.Show(value)}.", null);
        return null;
    }

    private JsonNumber? ReadNumber(JsonElement value, string at)
    {
        if (value.ValueKind == JsonValueKind.Number) return JsonNumber.Read(value);
        Report(at, $"Must be a number, not {AnswerErrors.Show(value)}.", null);
        return null;
    }

    /// <summary>Bounds that leave nothing between them.</summary>
    private void CheckRanges(JsonElement schema, SchemaNode node, string path)
    {
        if (node.MinItems > node.MaxItems) Crossed("minItems", "maxItems");
        if (node.MinLength > node.MaxLength) Crossed("minLength", "maxLength");
        if (Compare(node.Minimum, node.Maximum) > 0) Crossed("minimum", "maximum");
        if (Compare(node.Minimum, node.ExclusiveMaximum) >= 0) Crossed("minimum", "exclusiveMaximum");
        if (Compare(node.ExclusiveMinimum, node.Maximum) >= 0) Crossed("exclusiveMinimum", "maximum");
        if (Compare(node.ExclusiveMinimum, node.ExclusiveMaximum) >= 0) Crossed("exclusiveMinimum", "exclusiveMaximum");

        static int Compare(JsonNumber? low, JsonNumber? high) => low is { } l && high is { } h ? l.CompareTo(h) : -1;

        void Crossed(string low, string high) => Report(
            Join(path, low),
            $"'{low}' {schema.GetProperty(low).GetRawText()} leaves nothing below '{high}' {schema.GetProperty(high).GetRawText()}.", null);
    }

    /// <summary>Listed values that another keyword of the same schema refuses: YAML reads <c>1</c>, <c>true</c> and <c>null</c> as no text.</summary>
    private void CheckValues(JsonElement schema, SchemaNode node, string path)
    {
        var rules = new SchemaNode
        {
            Types = node.Types,
            MinLength = node.MinLength,
            MaxLength = node.MaxLength,
            Pattern = node.Pattern,
            PatternShown = node.PatternShown,
            Minimum = node.Minimum,
            Maximum = node.Maximum,
            ExclusiveMinimum = node.ExclusiveMinimum,
            ExclusiveMaximum = node.ExclusiveMaximum,
        };
        if (schema.TryGetProperty("const", out var constant)) Check(constant, "const");
        if (schema.TryGetProperty("enum_file", out _) && !node.Types.Has(JsonTypes.String))
        {
            Report(Join(path, "enum_file"), $"The labels of a file are text, but 'type' asks for {node.Types.Describe()}.", null);
        }

        if (!schema.TryGetProperty("enum", out var values) || values.ValueKind != JsonValueKind.Array) return;
        var index = 0;
        foreach (var value in values.EnumerateArray()) Check(value, $"enum[{index++}]");

        void Check(JsonElement value, string key)
        {
            var checker = default(AnswerChecker);
            if (checker.Check(rules, value)) return;
            var fix = node.Types.Has(JsonTypes.String) && value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.String)
                ? $"Did you mean the text \"{value.GetRawText()}\"? Then quote it." : null;
            Report(Join(path, key), $"The value {AnswerErrors.Show(value)} is never valid here: it {checker.Reason}.", fix);
        }
    }
}
