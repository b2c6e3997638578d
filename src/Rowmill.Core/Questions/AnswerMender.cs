using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>
/// Puts a value right that its schema refuses, where it can mean one thing only. It never decides that a value is valid: what it makes
/// is checked again as a whole. Where several readings are possible the value stays as it came.
/// </summary>
internal struct AnswerMender
{
    /// <summary>Bytes that may be written anew for the price of one step of checking.</summary>
    private const int BytesPerStep = 64;

    // One for all trials: its bound on steps bounds them together.
    private AnswerChecker _checker;
    private AnswerMends _mends;
    private bool _wrapping;

    /// <summary>What has been put right.</summary>
    public readonly AnswerMends Mends => _mends;

    /// <summary>An answer whose named properties are put right, and the others where there is a rule for them.</summary>
    /// <param name="schema">The schema of the answer.</param>
    /// <param name="answer">An object of sound text.</param>
    public JsonElement MendAnswer(SchemaNode schema, JsonElement answer) => Members(schema, answer, null, isAnswer: true);

    /// <summary>The value put right, or itself.</summary>
    private JsonElement Mend(SchemaNode schema, JsonElement value, OuterSchema? outer = null)
    {
        if (!_checker.Spend(1) || ReferenceEquals(schema, SchemaNode.Any)) return value;
        var possible = schema.Possible;
        if (!possible.Admits(value)) return Retype(schema, possible, value, outer);
        value = value.ValueKind switch
        {
            JsonValueKind.String => Label(schema, value),
            JsonValueKind.Array => Items(schema, value),
            JsonValueKind.Object => Members(schema, value, outer, isAnswer: false),
            _ => value,
        };
        if (schema.Ref is null && schema.AnyOf.Length == 0) return value;
        var around = OuterSchema.Around(schema, outer);
        if (schema.Ref is not null) value = Mend(schema.Ref, value, around);
        return schema.AnyOf.Length == 0 ? value : Branch(schema, value, around);
    }

    /// <summary>A wrong label that has the form of exactly one allowed label, or of an alias.</summary>
    private JsonElement Label(SchemaNode schema, JsonElement value)
    {
        if ((schema.Enum ?? schema.Const) is null || !JsonStrings.TryContent(value, out var text)) return value;
        var refusing = schema.Enum is { } listed && !listed.Contains(value, text) ? listed
            : schema.Const is { } constant && !constant.Contains(value, text) ? constant : null;
        if (refusing?.Nearest(text) is not { } label) return value;
        _mends = _mends with { Labels = _mends.Labels + 1 };
        return MendedJson.Text(label);
    }

    private JsonElement Items(SchemaNode schema, JsonElement value)
    {
        if (schema.Items is null) return value;
        var before = _mends;
        var wrapping = _wrapping;
        _wrapping = false;
        var items = new List<JsonElement>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray()) items.Add(Mend(schema.Items, item));
        _wrapping = wrapping;
        return _mends == before ? value : Written(MendedJson.Array(items), value, before);
    }

    /// <summary>The members put right. A property that the schema refuses whatever it holds is dropped; those of an answer are not its matter.</summary>
    private JsonElement Members(SchemaNode schema, JsonElement value, OuterSchema? outer, bool isAnswer)
    {
        var before = _mends;
        var wrapping = _wrapping;
        _wrapping = false;
        var members = new List<(JsonProperty Name, JsonElement Value)>();
        foreach (var member in value.EnumerateObject())
        {
            _checker.Spend(1);
            // A name that is no text stays, and is refused.
            var rule = !JsonStrings.TryName(member, out var name) ? SchemaNode.Any : schema.Find(name)?.Schema ?? schema.Additional;
            var isOther = isAnswer && (ReferenceEquals(rule, SchemaNode.Never) || name.SequenceEqual(ReplySchema.IdUtf8));
            if (isOther || (member.Value.ValueKind == JsonValueKind.Null && OuterSchema.DropsNull(schema, outer, name))) members.Add((member, member.Value));
            else if (ReferenceEquals(rule, SchemaNode.Never) && !JsonStrings.IsTornName(name)) _mends = _mends with { Extras = _mends.Extras + 1 };
            else members.Add((member, Mend(rule, member.Value)));
        }

        _wrapping = wrapping;
        return _mends == before ? value : Written(MendedJson.Object(members), value, before);
    }

    /// <summary>
    /// The value as another type, when it has none of the possible ones and exactly one reading of it is valid: text that is a JSON
    /// number, or true or false, where text is not possible; a number or a truth that a list of labels holds as text; a single value
    /// where an array is asked; an array of one where a single value is. A null is never read as anything.
    /// </summary>
    private JsonElement Retype(SchemaNode schema, JsonTypes possible, JsonElement value, OuterSchema? outer)
    {
        var before = _mends;
        JsonElement? chosen = null;
        var mends = before;
        Span<bool> tried = [true, !_wrapping && possible.Has(JsonTypes.Array)];
        for (var i = 0; i < tried.Length; i++)
        {
            if (!tried[i] || (i == 0 ? AsSingle(schema, possible, value) : AsArray(schema, value)) is not { } candidate) continue;
            _mends = _mends with { Values = _mends.Values + 1 };
            var mended = Mend(schema, candidate, outer);
            if (!_checker.Admits(schema, mended, outer))
            {
                _mends = before;
                continue;
            }

            if (chosen is not null)
            {
                _mends = before;
                return value;
            }

            (chosen, mends, _mends) = (mended, _mends, before);
        }

        _mends = mends;
        return chosen ?? value;
    }

    private static JsonElement? AsSingle(SchemaNode schema, JsonTypes possible, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                if (!JsonStrings.TryContent(value, out var text)) return null;
                text = text.Trim(" \t\r\n"u8);
                if (possible.Has(JsonTypes.Number | JsonTypes.Integer) && text.Length > 0 && JsonNumber.Length(text) == text.Length) return MendedJson.Parse(text);
                if (possible.Has(JsonTypes.Boolean) && Ascii.EqualsIgnoreCase(text, "true"u8)) return MendedJson.Parse("true"u8);
                if (possible.Has(JsonTypes.Boolean) && Ascii.EqualsIgnoreCase(text, "false"u8)) return MendedJson.Parse("false"u8);
                return null;
            case JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                // As free text it could be written in many ways; a closed list says in which.
                var isClosed = (schema.Enum ?? schema.Const) is not null && possible.Has(JsonTypes.String);
                return isClosed ? MendedJson.Text(value.GetRawText()) : null;
            case JsonValueKind.Array when value.GetArrayLength() == 1:
                return value[0].ValueKind is JsonValueKind.Array or JsonValueKind.Null ? null : value[0];
            default:
                return null;
        }
    }

    private JsonElement? AsArray(SchemaNode schema, JsonElement value)
    {
        var items = schema.Items ?? SchemaNode.Any;
        if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && LooksJoined(items, value))) return null;
        var before = _mends;
        // Arrays of arrays are not made of one value: of a schema that refers to itself that would have no end.
        _wrapping = true;
        var item = Mend(items, value);
        _wrapping = false;
        if (_checker.Admits(items, item)) return MendedJson.Parse(MendedJson.Array([item]));
        _mends = before;
        return null;
    }

    /// <summary>Whether text is blank or could be several items in one. Where the items are labels it has to be one of them anyway.</summary>
    private static bool LooksJoined(SchemaNode items, JsonElement value)
    {
        for (var node = items; node is not null; node = node.Ref)
            if ((node.Enum ?? node.Const) is not null) return false;
        return !JsonStrings.TryContent(value, out var text) || text.Trim(" \t\r\n"u8).IsEmpty || text.IndexOfAny(MendedJson.Joints) >= 0;
    }

    /// <summary>
    /// What the branches make of a value that none admits, when it is the same thing. Where a branch takes values of this type, the
    /// others may not make another type of it.
    /// </summary>
    private JsonElement Branch(SchemaNode schema, JsonElement value, OuterSchema? around)
    {
        var isTyped = false;
        foreach (var branch in schema.AnyOf)
        {
            if (_checker.Admits(branch, value, around)) return value;
            isTyped |= branch.AdmitsType(value);
        }

        var before = _mends;
        JsonElement? chosen = null;
        var mends = before;
        foreach (var branch in schema.AnyOf)
        {
            if (isTyped && !branch.AdmitsType(value)) continue;
            var mended = Mend(branch, value, around);
            var isReading = _mends != before && _checker.Admits(branch, mended, around);
            (var made, _mends) = (_mends, before);
            if (!isReading) continue;
            if (chosen is { } other && !JsonElement.DeepEquals(other, mended)) return value;
            if (chosen is null) (chosen, mends) = (mended, made);
        }

        if (_checker.Exhausted) return value;
        _mends = mends;
        return chosen ?? value;
    }

    /// <summary>What was written anew, unless the bound on steps is reached.</summary>
    private JsonElement Written(ReadOnlySpan<byte> json, JsonElement value, AnswerMends before)
    {
        if (_checker.Spend(json.Length / BytesPerStep)) return MendedJson.Parse(json);
        _mends = before;
        return value;
    }
}
