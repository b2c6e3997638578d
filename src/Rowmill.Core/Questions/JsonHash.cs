using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>A hash under which equal JSON values are equal: whatever the notation of numbers, escapes and the order of properties.</summary>
internal static class JsonHash
{
    /// <summary>Hashes a value whose strings are known to be sound.</summary>
    public static int Of(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return JsonStrings.TryContent(value, out var text) ? (int)Utf8Index.Hash(text) : 0;
            case JsonValueKind.Number:
                return (value.GetDouble() + 0.0).GetHashCode();
            case JsonValueKind.Array:
                var items = 17;
                foreach (var item in value.EnumerateArray()) items = (items * 31) + Of(item);
                return items;
            case JsonValueKind.Object:
                var members = 19;
                foreach (var member in value.EnumerateObject())
                {
                    // A sum, because order does not matter.
                    if (JsonStrings.TryName(member, out var name)) members += (int)Utf8Index.Hash(name) ^ (Of(member.Value) * 31);
                }

                return members;
            default:
                return (int)value.ValueKind;
        }
    }
}
