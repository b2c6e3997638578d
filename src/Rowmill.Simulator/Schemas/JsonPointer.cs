using System.Text.Json;

namespace Rowmill.Simulator.Schemas;

/// <summary>References within one schema document (<c>#</c>, <c>#/$defs/x</c>; RFC 6901 escapes).</summary>
internal static class JsonPointer
{
    /// <summary>What a reference points to; null when there is no such place.</summary>
    public static JsonElement? Find(JsonElement root, string reference)
    {
        if (!reference.StartsWith('#')) return null;
        var at = root;
        foreach (var part in reference[1..].Split('/').Skip(1))
        {
            var key = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind == JsonValueKind.Array)
            {
                if (!int.TryParse(key, out var index) || index < 0 || index >= at.GetArrayLength()) return null;
                at = at[index];
            }
            else if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(key, out at))
            {
                return null;
            }
        }

        return at;
    }
}
