using System.Globalization;
using System.Text.Json.Nodes;

namespace Rowmill.Benchmarks;

/// <summary>The results file: one JSON object a line, one line a run.</summary>
internal static class Measurements
{
    /// <summary>Merges values (<c>name=value</c>) and JSON files into one line; a file that is missing or no JSON is left out.</summary>
    public static int Append(string results, string[] parts)
    {
        var line = new JsonObject();
        foreach (var part in parts)
        {
            if (part.IndexOf('=') is var at and > 0) line[part[..at]] = Value(part[(at + 1)..]);
            else if (Load(part) is { } values)
            {
                foreach (var (name, value) in values) line[name] = value?.DeepClone();
            }
        }

        var text = line.ToJsonString();
        File.AppendAllText(results, text + "\n");
        Console.WriteLine(text);
        return 0;
    }

    /// <summary>Prints one value of a JSON file, rounded down to a whole number; 0 when it is missing. A dot leads into an object.</summary>
    public static int Print(string file, string path)
    {
        var names = path.Split('.');
        JsonNode? node = Load(file);
        foreach (var name in names[..^1]) node = node?[name];
        Console.WriteLine((long)(node is JsonObject values ? Number(values, names[^1]) ?? 0 : 0));
        return 0;
    }

    /// <summary>A number of a run; null when it has none.</summary>
    public static double? Number(JsonObject run, string name) =>
        run[name] is JsonValue value && value.TryGetValue(out double number) ? number : null;

    private static JsonNode Value(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text);

    private static JsonObject? Load(string file)
    {
        if (!File.Exists(file)) return null;
        // The whole file, or what a program said last.
        return Parse(File.ReadAllText(file)) ?? Parse(File.ReadLines(file).LastOrDefault(line => line.Length > 0) ?? "");
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
