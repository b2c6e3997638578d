using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rowmill.Tests.Replies;

/// <summary>
/// What a value of a random answer may be. It writes its schema, makes valid values, and says by itself whether a value is valid:
/// plainly, and with nothing of the checker under test.
/// </summary>
internal abstract record FuzzShape
{
    /// <summary>As JSON Schema.</summary>
    public abstract string Schema { get; }

    /// <summary>A valid value as JSON.</summary>
    public abstract string Value(FuzzChance chance);

    /// <summary>Whether a value is valid.</summary>
    public abstract bool Admits(JsonElement value);
}

/// <summary>One of some labels.</summary>
internal sealed record FuzzLabel(string[] Labels) : FuzzShape
{
    /// <summary>Whether no two labels become the same without case, spaces and hyphens.</summary>
    public bool TellsApart { get; } = Labels.Select(Fold).Distinct(StringComparer.Ordinal).Count() == Labels.Length;

    public override string Schema { get; } = $"{{\"enum\":[{string.Join(',', Labels.Select(FuzzChance.Quote))}]}}";

    public override string Value(FuzzChance chance) => FuzzChance.Quote(chance.Of(Labels));

    public override bool Admits(JsonElement value) => value.ValueKind == JsonValueKind.String && Labels.Contains(value.GetString());

    public static string Fold(string label) => label.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
}

/// <summary>A number within bounds.</summary>
internal sealed record FuzzNumber(bool Whole, int? Least, int? Most, bool Open) : FuzzShape
{
    public override string Schema
    {
        get
        {
            var (least, most) = Open ? ("exclusiveMinimum", "exclusiveMaximum") : ("minimum", "maximum");
            var bounds = (Least is null ? "" : $",\"{least}\":{Least}") + (Most is null ? "" : $",\"{most}\":{Most}");
            return $"{{\"type\":\"{(Whole ? "integer" : "number")}\"{bounds}}}";
        }
    }

    public override string Value(FuzzChance chance)
    {
        var least = (Least ?? -50) + 1;
        var most = (Most ?? 1000) - 1;
        var number = chance.Next(least, most + 1).ToString(CultureInfo.InvariantCulture);
        if (Whole || number.StartsWith('-') || chance.One(2)) return number;
        return number.Length == 1 ? $"0.{number}" : $"{number}.0";
    }

    public override bool Admits(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDecimal(out var number)) return false;
        return (!Whole || number == decimal.Truncate(number))
            && (Open ? !(number <= Least) && !(number >= Most) : !(number < Least) && !(number > Most));
    }
}

/// <summary>True or false.</summary>
internal sealed record FuzzFlag : FuzzShape
{
    public override string Schema => """{"type":"boolean"}""";

    public override string Value(FuzzChance chance) => chance.One(2) ? "true" : "false";

    public override bool Admits(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False;
}

/// <summary>A text of so many code points, full of what looks like JSON; it may name its row's mark.</summary>
internal sealed record FuzzWords(int Least, int Most) : FuzzShape
{
    private static readonly string[] s_pieces =
    [
        "a", "song ", "\"quoted\"", "{", "}", "[", "]", "\\", "},{\"id\":2,", "```", "ü", "über", "😀", "\n", "\t", ",", ":", "it's", "//", "/*", "“so”",
        "{'id':1}", "null", "]}", "{\"rows\":[", "<think>", "1", "日本", " ", "\u007f", "\u2028",
    ];

    public override string Schema => $"{{\"type\":\"string\",\"minLength\":{Least},\"maxLength\":{Most}}}";

    public override string Value(FuzzChance chance)
    {
        var length = chance.Next(Least, Most + 1);
        var text = length > 20 && chance.One(2) ? chance.Mark('n') : "";
        while (text.EnumerateRunes().Count() < length) text += chance.Of(s_pieces);
        return chance.Text(string.Concat(text.EnumerateRunes().Take(length)));
    }

    public override bool Admits(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString()!.EnumerateRunes().Count() is var length && length >= Least && length <= Most;
}

/// <summary>A text of a pattern.</summary>
internal sealed record FuzzPattern(string Pattern, Func<FuzzChance, string> Make) : FuzzShape
{
    private readonly Regex _pattern = new(Pattern);

    public override string Schema => $"{{\"type\":\"string\",\"pattern\":{FuzzChance.Quote(Pattern)}}}";

    public override string Value(FuzzChance chance) => FuzzChance.Quote(Make(chance));

    public override bool Admits(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !text.EndsWith('\n') && _pattern.IsMatch(text);
}

/// <summary>A mark, plain or held to its pattern.</summary>
internal sealed record FuzzMark(char Kind, bool Strict) : FuzzShape
{
    public override string Schema => Strict ? """{"type":"string","pattern":"^[a-z][0-9]+-[0-9a-z]{6}$"}""" : """{"type":"string"}""";

    public override string Value(FuzzChance chance) => FuzzChance.Quote(chance.Mark(Kind));

    public override bool Admits(JsonElement value) => value.ValueKind == JsonValueKind.String && (!Strict || FuzzMarks.IsOne(value.GetString()!));
}

/// <summary>An array.</summary>
internal sealed record FuzzList(FuzzShape Item, int Least, int Most, bool Unique) : FuzzShape
{
    public override string Schema =>
        $"{{\"type\":\"array\",\"minItems\":{Least},\"maxItems\":{Most}{(Unique ? ",\"uniqueItems\":true" : "")},\"items\":{Item.Schema}}}";

    public override string Value(FuzzChance chance)
    {
        var items = new List<string>();
        for (var count = chance.Next(Least, Most + 1); count > 0; count--)
        {
            var item = Item.Value(chance);
            for (var more = 0; Unique && items.Contains(item) && more < 50; more++) item = Item.Value(chance);
            if (!Unique || !items.Contains(item)) items.Add(item);
        }

        return $"[{string.Join(',', items)}]";
    }

    public override bool Admits(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() < Least || value.GetArrayLength() > Most) return false;
        var items = value.EnumerateArray().ToList();
        return items.All(Item.Admits) && (!Unique || items.All(i => items.Count(other => JsonElement.DeepEquals(i, other)) == 1));
    }
}

/// <summary>A property of an object.</summary>
internal sealed record FuzzProperty(string Name, FuzzShape Shape, bool Required);

/// <summary>An object.</summary>
internal sealed record FuzzObject(IReadOnlyList<FuzzProperty> Properties, bool Closed) : FuzzShape
{
    public override string Schema =>
        $"{{\"type\":\"object\",\"required\":[{string.Join(',', Properties.Where(p => p.Required).Select(p => FuzzChance.Quote(p.Name)))}]"
        + $",\"properties\":{{{string.Join(',', Properties.Select(p => $"{FuzzChance.Quote(p.Name)}:{p.Shape.Schema}"))}}}"
        + (Closed ? ",\"additionalProperties\":false}" : "}");

    /// <summary>The members of a valid value; an optional one may be absent or null.</summary>
    public IEnumerable<FuzzMember> Members(FuzzChance chance)
    {
        foreach (var property in Properties)
        {
            var kind = property.Required ? 9 : chance.Next(0, 10);
            if (kind > 2) yield return new FuzzMember(property.Name, property.Shape.Value(chance), property);
            else if (kind == 0) yield return new FuzzMember(property.Name, "null", property);
        }
    }

    public override string Value(FuzzChance chance) =>
        $"{{{string.Join(',', Members(chance).Select(m => $"{FuzzChance.Quote(m.Name)}:{m.Json}"))}}}";

    public override bool Admits(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object) return false;
        var members = value.EnumerateObject().ToList();
        return members.Select(m => m.Name).Distinct(StringComparer.Ordinal).Count() == members.Count
            && Properties.All(p => value.TryGetProperty(p.Name, out var found) ? p.Shape.Admits(found) : !p.Required)
            && (!Closed || members.TrueForAll(m => Properties.Any(p => p.Name == m.Name)));
    }
}

/// <summary>One of several.</summary>
internal sealed record FuzzEither(FuzzShape[] Branches) : FuzzShape
{
    public override string Schema => $"{{\"anyOf\":[{string.Join(',', Branches.Select(b => b.Schema))}]}}";

    public override string Value(FuzzChance chance) => chance.Of(Branches).Value(chance);

    public override bool Admits(JsonElement value) => Branches.Any(b => b.Admits(value));
}

/// <summary>Something, or null.</summary>
internal sealed record FuzzNullable(FuzzShape Inner) : FuzzShape
{
    public override string Schema => $"{{\"anyOf\":[{Inner.Schema},{{\"type\":\"null\"}}]}}";

    public override string Value(FuzzChance chance) => chance.One(4) ? "null" : Inner.Value(chance);

    public override bool Admits(JsonElement value) => value.ValueKind == JsonValueKind.Null || Inner.Admits(value);
}
