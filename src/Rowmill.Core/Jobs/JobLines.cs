namespace Rowmill.Core.Jobs;

/// <summary>The lines that checks after loading refer to: those of source, models, batch and output.</summary>
internal static class JobLines
{
    /// <summary>Collects them from the file's tree.</summary>
    public static IReadOnlyDictionary<string, int> Of(YamlMap file)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var key in new[] { "source", "models", "batch", "output" })
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

    /// <summary>A problem of the source: one that a key of the job file is to blame for is told there, and names the source's file besides.</summary>
    public static Problem LocateSource(string? file, IReadOnlyDictionary<string, int> lines, Problem problem) =>
        file is null || problem.Key is null ? problem : Locate(file, lines, problem with { Message = $"{problem.File}: {problem.Message}" });

    /// <summary>
    /// A problem of one of the job's models, as whoever uses the model tells it: with the model's place in the job file, and with its own key only
    /// where the file has it.
    /// </summary>
    public static Problem LocateModel(Job job, Models.Route route, Problem problem)
    {
        if (job.File is null) return problem;
        var model = $"models[{job.Routes.ToList().IndexOf(route)}]";
        var key = $"{model}.{problem.Key}";
        return Locate(job, problem with { Key = job.Lines.ContainsKey(key) ? key : model });
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
