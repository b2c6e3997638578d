namespace Rowmill.Core.Jobs;

/// <summary>The lines that checks after loading refer to: those of source and output.</summary>
internal static class JobLines
{
    /// <summary>Collects them from the file's tree.</summary>
    public static IReadOnlyDictionary<string, int> Of(YamlMap file)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in new[] { "source", "output" })
            if (file.Find(key) is { } section) Add(lines, key, section.Line, section.Value);
        return lines;
    }

    private static void Add(Dictionary<string, int> lines, string path, int line, YamlNode node)
    {
        lines[path] = line;
        if (node is YamlMap map)
            foreach (var entry in map.Entries) Add(lines, YamlReader.Join(path, entry.Key), entry.Line, entry.Value);
        else if (node is YamlList list)
            for (var i = 0; i < list.Items.Count; i++) Add(lines, $"{path}[{i}]", list.Items[i].Line, list.Items[i]);
    }
}
