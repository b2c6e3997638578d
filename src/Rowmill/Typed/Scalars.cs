using System.Globalization;
using System.Text.Json.Nodes;

namespace Rowmill.Typed;

/// <summary>The schemas of plain values. Numbers carry the bounds of their type, so that what is valid can be read.</summary>
internal static class Scalars
{
    private static readonly Dictionary<Type, (string Type, decimal? Least, decimal? Most)> s_types = new()
    {
        [typeof(string)] = ("string", null, null),
        [typeof(bool)] = ("boolean", null, null),
        [typeof(byte)] = ("integer", byte.MinValue, byte.MaxValue),
        [typeof(sbyte)] = ("integer", sbyte.MinValue, sbyte.MaxValue),
        [typeof(short)] = ("integer", short.MinValue, short.MaxValue),
        [typeof(ushort)] = ("integer", ushort.MinValue, ushort.MaxValue),
        [typeof(int)] = ("integer", int.MinValue, int.MaxValue),
        [typeof(uint)] = ("integer", uint.MinValue, uint.MaxValue),
        [typeof(long)] = ("integer", long.MinValue, long.MaxValue),
        [typeof(ulong)] = ("integer", ulong.MinValue, ulong.MaxValue),
        [typeof(decimal)] = ("number", decimal.MinValue, decimal.MaxValue),
        [typeof(double)] = ("number", null, null),
        [typeof(float)] = ("number", null, null),
    };

    /// <summary>The schema of a plain type; null for any other.</summary>
    public static JsonObject? Of(Type type)
    {
        if (!s_types.TryGetValue(type, out var plain)) return null;
        var schema = new JsonObject { ["type"] = plain.Type };
        if (plain.Least is { } least) schema["minimum"] = least;
        if (plain.Most is { } most) schema["maximum"] = most;
        return schema;
    }

    /// <summary>A bound as an attribute gives it: a number, or its text.</summary>
    public static JsonNode Number(object bound) => bound switch
    {
        int whole => whole,
        double number => number,
        _ => JsonNode.Parse(Convert.ToString(bound, CultureInfo.InvariantCulture)!)!,
    };
}
