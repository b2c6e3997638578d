namespace Rowmill.Core.Jobs;

/// <summary>The lines that checks after loading refer to: those of source, models and output.</summary>
internal static class JobLines
{
    /// <summary>Collects them from the file's tree.</summary>
    public static IReadOnlyDictionary<string, int> Of(YamlMap file)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in new[] { "source", "models", "output" })
            if (file.Find(key) is { } section) Add(lines, key, section.Line, section.Value);
        return lines;
    }

    /// <summary>The problem with the job's file and the line of its key, or of the nearest key above it.</summary>
    public static Problem Locate(Job job, Problem problem) => Locate(job.File, job.Lines, problem);

    /// <summary>The same for a job that could not be made of its file.</summary>
    public static Problem Locate(string? file, IReadOnlyDictionary<string, int> lines, Problem problem)
    {
        for (var path = problem.Key ?? ""; path.Length > 0;)
        {
            if (lines.TryGetValue(path, out var line)) return problem with { File = file, Line = line };
            var cut = path.LastIndexOfAny(['.', '[']);
            path = cut < 0 ? "" : path[..cut];
        }

        return problem with { File = file };
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
