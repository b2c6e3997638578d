using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Jobs;

/// <summary>Turns a YAML node into JSON, and finds the line of a path within it again.</summary>
internal static partial class YamlJson
{
    // Aliases can make a short file a huge document.
    private const int MaxNodes = 1_000_000;

    /// <summary>The node as a JSON value, typed by the YAML core schema; null when a problem was reported.</summary>
    public static JsonDocument? Convert(YamlNode node, string path, JobFileProblems problems)
    {
        var before = problems.Count;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, CompactJson.Writer))
        {
            var left = MaxNodes;
            if (!Write(json, node, path, 0, ref left, problems))
            {
                problems.Add(node.Line, path, "This is too large or too deeply nested once its aliases are written out.", "Use fewer aliases.");
                return null;
            }
        }

        return problems.Count > before ? null : JsonDocument.Parse(buffer.WrittenMemory);
    }

    /// <summary>The line of a path of keys below a node: that of the deepest part which exists.</summary>
    /// <param name="node">Where the path starts.</param>
    /// <param name="line">The line to answer when nothing of the path exists.</param>
    /// <param name="path">Such as <c>properties.energy.enum[2]</c> or <c>properties.energy.enum.2</c>; keys may hold dots.</param>
    public static int Locate(YamlNode node, int line, string path)
    {
        if (path.Length == 0) return line;
        switch (node)
        {
            case YamlMap map:
                // A key that holds a dot must win over its own beginning.
                var entry = map.Entries.Where(e => Starts(path, e.Key)).MaxBy(e => e.Key.Length);
                return entry is null ? line : Locate(entry.Value, entry.Line, path[entry.Key.Length..].TrimStart('.', '/'));
            case YamlList list when Index().Match(path) is { Success: true } match
                && int.TryParse(match.Groups["i"].ValueSpan, CultureInfo.InvariantCulture, out var i) && i < list.Items.Count:
                return Locate(list.Items[i], list.Items[i].Line, path[match.Length..].TrimStart('.', '/'));
            default:
                return line;
        }
    }

    private static bool Starts(string path, string key) =>
        key.Length > 0 && path.StartsWith(key, StringComparison.Ordinal)
        && (path.Length == key.Length || path[key.Length] is '.' or '/' or '[');

    private static bool Write(Utf8JsonWriter json, YamlNode node, string path, int depth, ref int left, JobFileProblems problems)
    {
        if (--left < 0 || depth > YamlReader.MaxDepth) return false;
        switch (node)
        {
            case YamlMap map:
                json.WriteStartObject();
                foreach (var entry in map.Entries)
                {
                    json.WritePropertyName(entry.Key);
                    if (!Write(json, entry.Value, YamlReader.Join(path, entry.Key), depth + 1, ref left, problems)) return false;
                }

                json.WriteEndObject();
                return true;
            case YamlList list:
                json.WriteStartArray();
                for (var i = 0; i < list.Items.Count; i++)
                    if (!Write(json, list.Items[i], $"{path}[{i}]", depth + 1, ref left, problems)) return false;
                json.WriteEndArray();
                return true;
            default:
                WriteScalar(json, (YamlText)node, path, problems);
                return true;
        }
    }

    private static void WriteScalar(Utf8JsonWriter json, YamlText text, string path, JobFileProblems problems)
    {
        if (YamlScalar.IsNull(text)) json.WriteNullValue();
        else if (YamlScalar.Flag(text) is { } flag) json.WriteBooleanValue(flag);
        else if (YamlScalar.Number(text) is { } number) json.WriteRawValue(number);
        else
        {
            if (text.Plain && NotANumber().IsMatch(text.Value))
                problems.Add(text.Line, path, $"JSON has no number {text.Value}.", "Quote it if it is a text.");
            json.WriteStringValue(text.Value);
        }
    }

    [GeneratedRegex(@"^\[?(?<i>[0-9]{1,9})\]?", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Index();

    [GeneratedRegex(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NotANumber();
}
