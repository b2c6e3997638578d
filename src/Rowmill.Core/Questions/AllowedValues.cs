using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>The values of an <c>enum</c> or the one of a <c>const</c>: labels by hash, the rare others by comparison.</summary>
internal sealed class AllowedValues
{
    private readonly Utf8Index _labels;
    private readonly JsonElement[] _others;

    /// <summary>Takes the values, which must differ from each other.</summary>
    public AllowedValues(IReadOnlyList<JsonElement> values)
    {
        _labels = new Utf8Index(values.Where(v => v.ValueKind == JsonValueKind.String).Select(v => Encoding.UTF8.GetBytes(v.GetString()!)));
        _others = [.. values.Where(v => v.ValueKind != JsonValueKind.String).Select(v => v.Clone())];
        Shown = AnswerErrors.List(values);
        LongestBytes = values.Max(v => JsonMarshal.GetRawUtf8Value(v).Length);
    }

    /// <summary>A short list for error messages.</summary>
    public string Shown { get; }

    /// <summary>UTF-8 bytes of the longest value as JSON.</summary>
    public int LongestBytes { get; }

    /// <summary>Whether the value is one of these; <paramref name="text"/> is its content when it is a string.</summary>
    public bool Contains(JsonElement value, ReadOnlySpan<byte> text)
    {
        if (value.ValueKind == JsonValueKind.String) return _labels.Find(text) >= 0;
        foreach (var other in _others)
        {
            if (JsonElement.DeepEquals(other, value)) return true;
        }

        return false;
    }

    /// <summary>Whether <c>null</c> is one of these.</summary>
    public bool ContainsNull => _others.Any(o => o.ValueKind == JsonValueKind.Null);
}
