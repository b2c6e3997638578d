using System.Text.Json;

namespace Rowmill.Core.Models;

/// <summary>The lines of a JSON file's keys, for messages.</summary>
internal sealed class JsonLines
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly List<(string Path, int Line)> _twice = [];

    private JsonLines()
    {
    }

    /// <summary>The paths of keys that stand twice in one object, each with the line of the second.</summary>
    public IReadOnlyList<(string Path, int Line)> Twice => _twice;

    /// <summary>Reads the lines of a file.</summary>
    /// <param name="json">The file, which must be sound JSON; it may hold comments.</param>
    public static JsonLines Of(ReadOnlySpan<byte> json)
    {
        var lines = new JsonLines();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip });
        // The path of each object or list that is open; a list's entries have no keys of their own.
        var open = new Stack<(string Path, bool IsObject)>();
        var (path, line, counted) = ("", 1, 0);
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            line += json[counted..start].Count((byte)'\n');
            counted = start;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    path = Join(open.Peek().Path, reader.GetString()!);
                    if (!lines._lines.TryAdd(path, line)) lines._twice.Add((path, line));
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (open.Count == 0) lines._lines.TryAdd("", line);
                    else if (!open.Peek().IsObject) path = $"{open.Peek().Path}[]";
                    open.Push((path, reader.TokenType == JsonTokenType.StartObject));
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.Pop();
                    break;
            }
        }

        return lines;
    }

    /// <summary>The path of a key below another.</summary>
    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>The 1-based line of a key, or of the nearest one above it; null for a path that begins with none.</summary>
    /// <param name="path">Such as <c>models.groq.openai/gpt-oss-20b.context</c>; empty for the whole file.</param>
    public int? Find(string path)
    {
        while (!_lines.ContainsKey(path) && path.Length > 0) path = path.LastIndexOf('.') is > 0 and var cut ? path[..cut] : "";
        return _lines.TryGetValue(path, out var line) ? line : null;
    }

    /// <summary>The 1-based line of the last thing written in a file: where one that was cut short ends.</summary>
    public static int Last(ReadOnlySpan<byte> json) => json.TrimEnd(" \t\r\n"u8).Count((byte)'\n') + 1;
}
