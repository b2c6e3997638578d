using System.Text.Json;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's pages: so many after an id.</summary>
internal static class CompatiblePages
{
    /// <summary>Where a page begins and how long it is, or the first mistake.</summary>
    public static (int From, int Count, ErrorReply? Error) Read(CompatibleDialect dialect, BatchCall call, int page, int longest, Func<string, int> indexOf)
    {
        var limit = call.Query("limit");
        if (limit.Length > 0)
        {
            if (!int.TryParse(limit, out page)) return (0, 0, dialect.WrongType("limit", "an integer", "a string"));
            if (page < 1) return (0, 0, dialect.OutOfRange("limit", integer: true, above: false, 1, limit));
            if (page > longest) return (0, 0, dialect.OutOfRange("limit", integer: true, above: true, longest, limit));
        }

        var after = call.Query("after");
        if (after.Length == 0) return (0, page, null);
        var index = indexOf(after);
        return index < 0 ? (0, 0, ErrorReply.Bad($"Invalid 'after': no such object: {after}", "after", "invalid_value")) : (index + 1, page, null);
    }

    public static ReadOnlyMemory<byte> Write<T>(IReadOnlyList<T> items, Func<T, string> idOf, Action<Utf8JsonWriter, T> write, bool more) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var item in items) write(writer, item);
        writer.WriteEndArray();
        writer.WriteString("first_id", items.Count > 0 ? idOf(items[0]) : null);
        writer.WriteString("last_id", items.Count > 0 ? idOf(items[^1]) : null);
        writer.WriteBoolean("has_more", more);
        writer.WriteEndObject();
    });
}
