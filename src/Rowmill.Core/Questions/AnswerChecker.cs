using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Questions;

/// <summary>Walks one value along a compiled schema. Nothing is allocated while the value is valid, strings with escapes excepted.</summary>
internal struct AnswerChecker
{
    /// <summary>More steps than any real answer takes; recursive schemas with ambiguous branches would take exponentially many.</summary>
    private const int StepLimit = 1_000_000;

    private const int UniqueByPairs = 8;

    private int _steps;
    private int _quiet;
    private string _path;
    private string _message;

    /// <summary>Whether a null was met that means absent, so that the value is not stored as it stands.</summary>
    public bool DroppedNull { get; private set; }

    /// <summary>Whether there was more to check than may be: nothing more is found valid.</summary>
    public readonly bool Exhausted => _steps > StepLimit;

    /// <summary>Whether a pattern took too long.</summary>
    public bool TimedOut { get; private set; }

    /// <summary>Path and reason, after something failed.</summary>
    public readonly string Error =>
        Exhausted ? "answer: the schema's branches are too ambiguous to check it" : $"{(_path is null or "" ? "answer" : _path)}: {_message}";

    /// <summary>The reason alone, after something failed.</summary>
    public readonly string Reason => _message;

    /// <summary>Counts other work on the value against the same bound; false when it is reached.</summary>
    public bool Spend(int steps)
    {
        _steps = (int)Math.Min((long)_steps + steps, StepLimit + 1);
        return !Exhausted;
    }

    /// <summary>Checks without composing an error.</summary>
    public bool Admits(SchemaNode schema, JsonElement value, OuterSchema? outer = null)
    {
        _quiet++;
        var valid = Check(schema, value, outer);
        _quiet--;
        return valid;
    }

    /// <summary>Checks a value; when it fails, <see cref="Error"/> tells where and why.</summary>
    public bool Check(SchemaNode schema, JsonElement value, OuterSchema? outer = null)
    {
        if (!Spend(1)) return false;
        if (!schema.Types.Admits(value))
        {
            return _quiet > 0 ? false
                : schema.Types == JsonTypes.None ? Fail("is not allowed here")
                : Fail($"must be {schema.Types.Describe()}, but is {AnswerErrors.Show(value)}");
        }

        var text = ReadOnlySpan<byte>.Empty;
        if (value.ValueKind == JsonValueKind.String && !JsonStrings.TryContent(value, out text)) return Fail("holds half of a surrogate pair");
        if (schema.Enum is { } allowed && !allowed.Contains(value, text))
        {
            return _quiet > 0 ? false : Fail($"{AnswerErrors.Show(value)} is not one of {allowed.Shown}");
        }

        if (schema.Const is { } constant && !constant.Contains(value, text))
        {
            return _quiet > 0 ? false : Fail($"must be {constant.Shown}, but is {AnswerErrors.Show(value)}");
        }

        var valid = value.ValueKind switch
        {
            JsonValueKind.String => !schema.RulesText || CheckText(schema, value, text),
            JsonValueKind.Number => !schema.RulesNumbers || CheckNumber(schema, value),
            JsonValueKind.Array => CheckArray(schema, value),
            JsonValueKind.Object => CheckObject(schema, value, outer),
            _ => true,
        };
        if (!valid || (schema.Ref is null && schema.AnyOf.Length == 0)) return valid;
        var around = OuterSchema.Around(schema, outer);
        return (schema.Ref is null || Check(schema.Ref, value, around))
            && (schema.AnyOf.Length == 0 || CheckAnyOf(schema, value, around));
    }

    /// <summary>Notes the failure's reason; always false.</summary>
    public bool Fail(string message)
    {
        if (_quiet == 0)
        {
            _message = message;
            _path = "";
        }

        return false;
    }

    /// <summary>Puts a property before the path of the failure; always false.</summary>
    public bool In(string name)
    {
        if (_quiet == 0) _path = _path.Length == 0 || _path[0] == '[' ? name + _path : $"{name}.{_path}";
        return false;
    }

    private bool In(int index)
    {
        if (_quiet == 0) _path = _path.Length == 0 || _path[0] == '[' ? $"[{index}]{_path}" : $"[{index}].{_path}";
        return false;
    }

    private bool CheckText(SchemaNode schema, JsonElement value, ReadOnlySpan<byte> text)
    {
        // A code point is one to four bytes: most texts need no counting.
        if (text.Length > schema.MaxLength || text.Length < schema.MinLength * 4L)
        {
            var length = JsonStrings.CodePoints(text);
            if (length > schema.MaxLength)
            {
                return _quiet > 0 ? false : Fail($"has {length} characters, at most {schema.MaxLength} are allowed: {AnswerErrors.Show(value)}");
            }

            if (length < schema.MinLength)
            {
                return _quiet > 0 ? false : Fail($"has {length} characters, at least {schema.MinLength} are required: {AnswerErrors.Show(value)}");
            }
        }

        if (schema.Pattern is null) return true;
        var characters = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            var count = Encoding.UTF8.GetChars(text, characters);
            if (schema.Pattern.IsMatch(characters.AsSpan(0, count))) return true;
            return _quiet > 0 ? false : Fail($"{AnswerErrors.Show(value)} does not match the pattern {schema.PatternShown}");
        }
        catch (RegexMatchTimeoutException)
        {
            TimedOut = true;
            return Fail($"takes too long to match the pattern {schema.PatternShown}: {AnswerErrors.Show(value)}");
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    private bool CheckNumber(SchemaNode schema, JsonElement value)
    {
        var number = JsonNumber.Read(value);
        var rule =
            schema.Minimum is { } least && number.CompareTo(least) < 0 ? $"at least {least}"
            : schema.Maximum is { } most && number.CompareTo(most) > 0 ? $"at most {most}"
            : schema.ExclusiveMinimum is { } above && number.CompareTo(above) <= 0 ? $"more than {above}"
            : schema.ExclusiveMaximum is { } below && number.CompareTo(below) >= 0 ? $"less than {below}"
            : null;
        return rule is null || (_quiet > 0 ? false : Fail($"must be {rule}, but is {AnswerErrors.Show(value)}"));
    }

    private bool CheckArray(SchemaNode schema, JsonElement value)
    {
        var count = value.GetArrayLength();
        if (count < schema.MinItems)
        {
            return _quiet > 0 ? false : Fail($"has {count} items, at least {schema.MinItems} are required: {AnswerErrors.Show(value)}");
        }

        if (count > schema.MaxItems)
        {
            return _quiet > 0 ? false : Fail($"has {count} items, at most {schema.MaxItems} are allowed: {AnswerErrors.Show(value)}");
        }

        if (count == 0) return true;
        var items = schema.Items ?? (schema.UniqueItems || (schema.Ref is null && schema.AnyOf.Length == 0) ? SchemaNode.Any : null);
        if (items is not null)
        {
            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                if (!Check(items, item)) return In(index);
                index++;
            }
        }

        return !schema.UniqueItems || count == 1 || CheckUnique(value, count);
    }

    private bool CheckUnique(JsonElement value, int count)
    {
        var items = new JsonElement[count];
        var next = 0;
        foreach (var item in value.EnumerateArray()) items[next++] = item;
        if (count > UniqueByPairs)
        {
            // Equal items have equal keys, so only neighbours in this order need the full comparison.
            var keys = new long[count];
            for (var i = 0; i < count; i++) keys[i] = ((long)JsonHash.Of(items[i]) << 32) | (uint)i;
            Array.Sort(keys, items);
            for (var i = 0; i < count; i++)
            {
                for (var j = i + 1; j < count && keys[i] >> 32 == keys[j] >> 32; j++)
                {
                    if (JsonElement.DeepEquals(items[i], items[j])) return Repeated(items[i]);
                }
            }

            return true;
        }

        for (var i = 0; i < count; i++)
        {
            for (var j = i + 1; j < count; j++)
            {
                if (JsonElement.DeepEquals(items[i], items[j])) return Repeated(items[i]);
            }
        }

        return true;
    }

    private bool Repeated(JsonElement item) => _quiet == 0 && Fail($"holds {AnswerErrors.Show(item)} more than once");

    private bool CheckObject(SchemaNode schema, JsonElement value, OuterSchema? outer)
    {
        var isLeaf = schema.Ref is null && schema.AnyOf.Length == 0;
        var properties = schema.Properties;
        if (properties.Length == 0 && !isLeaf && ReferenceEquals(schema.Additional, SchemaNode.Any)) return true;
        Span<bool> seen = properties.Length <= 256 ? stackalloc bool[properties.Length] : new bool[properties.Length];
        Span<bool> present = properties.Length <= 256 ? stackalloc bool[properties.Length] : new bool[properties.Length];
        HashSet<string>? others = null;
        foreach (var member in value.EnumerateObject())
        {
            if (!JsonStrings.TryName(member, out var name)) return Fail("has a name with half of a surrogate pair");
            var found = schema.Names.Find(name);
            if (found >= 0)
            {
                if (seen[found]) return Twice(member);
                seen[found] = true;
            }
            else if (isLeaf && !(others ??= new HashSet<string>(StringComparer.Ordinal)).Add(member.Name))
            {
                return Twice(member);
            }

            if (member.Value.ValueKind == JsonValueKind.Null && OuterSchema.DropsNull(schema, outer, name))
            {
                DroppedNull = true;
                continue;
            }

            if (found >= 0) present[found] = true;
            var rule = found >= 0 ? properties[found].Schema : schema.Additional;
            if (ReferenceEquals(rule, SchemaNode.Never))
            {
                return _quiet > 0 ? false : Fail($"{AnswerErrors.Show(member.Value)} is not expected here") || In(AnswerErrors.Name(member));
            }

            if (!Check(rule, member.Value)) return _quiet == 0 && In(AnswerErrors.Name(member));
        }

        for (var i = 0; i < properties.Length; i++)
        {
            if (properties[i].Required && !present[i]) return Missing(properties[i]);
        }

        return true;
    }

    /// <summary>A name that stands twice: which of the values is meant, nobody knows.</summary>
    public bool Twice(JsonProperty member) => _quiet == 0 && (Fail("stands there twice") || In(AnswerErrors.Name(member)));

    /// <summary>A name that no schema has and that has lost a quote.</summary>
    public bool Torn(JsonProperty member) => _quiet == 0 && (Fail("is no name: a quote is missing") || In(AnswerErrors.Name(member)));

    /// <summary>A required property that is absent.</summary>
    public bool Missing(SchemaProperty property) => _quiet == 0 && (Fail("is missing") || In(property.Name));

    private bool CheckAnyOf(SchemaNode schema, JsonElement value, OuterSchema? around)
    {
        SchemaNode? only = null;
        var possible = 0;
        foreach (var branch in schema.AnyOf)
        {
            if (Admits(branch, value, around)) return true;
            if (_quiet > 0 || !branch.AdmitsType(value)) continue;
            only = branch;
            possible++;
        }

        if (_quiet > 0) return false;
        // With one branch of the right type, its own reason says more than "none fits".
        return possible == 1
            ? Check(only!, value, around)
            : Fail($"fits none of the {schema.AnyOf.Length} alternatives: {AnswerErrors.Show(value)}");
    }
}
