using System.Globalization;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Jobs;

/// <summary>Reads the tree of a job file, section by section, into a <see cref="Job"/>.</summary>
internal sealed class JobReader(JobFileProblems problems, string directory, string? path, JobFileOptions options)
{
    private static readonly TimeSpan s_longestPatience = TimeSpan.FromDays(30);

    /// <summary>The mistakes found so far.</summary>
    public JobFileProblems Problems { get; } = problems;

    /// <summary>The source, as far as it could be read, whatever else is wrong.</summary>
    public SourceOptions? Source { get; private set; }

    /// <summary>The lines of source, models and output.</summary>
    public IReadOnlyDictionary<string, int> Lines { get; private set; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>How the file is read.</summary>
    public JobFileOptions Options { get; } = options;

    /// <summary>Absolute path of the job file; null when it is in none.</summary>
    public string? FilePath { get; } = path;

    /// <summary>Reads the whole file; the job counts only when no problem was reported.</summary>
    public Job? Read(YamlNode root)
    {
        if (root is not YamlMap map)
        {
            Problems.Add(
                YamlScalar.IsNull(root) ? 1 : root.Line, null, YamlScalar.IsNull(root) ? "The file is empty." : "A job file is a mapping of keys such as 'name: songs'.",
                "'rowmill init TABLE.csv' writes a job file to begin with.");
            return null;
        }

        var file = new JobMap(map, "", 1, Problems);
        var name = ReadName(file);
        var source = Source = SourceSection.Read(file, this);
        Lines = JobLines.Of(map);
        var question = new QuestionSection(file, this).Read(source?.Fields ?? []);
        var packRows = ReadPack(file);
        file.NotYet("context", "Delete it: rows are shown without their neighbours.");
        var dedupe = file.Flag("dedupe") ?? true;
        var routes = RouteSection.Read(file, this);
        var routing = RouteSection.ReadRouting(file);
        var patience = file.Time("patience", TimeSpan.Zero, s_longestPatience) ?? TimeSpan.FromMinutes(2);
        var budget = ReadBudget(file, routes);
        var batch = BatchSection.Read(file);
        var output = OutputSection.Read(file, this, source);
        file.Finish();
        QuestionSection.CheckColumns(file, output, routes, this);

        if (name is null || source is null || question is null || output is null || routes.Count == 0) return null;
        return new Job
        {
            Name = name,
            Source = source,
            Question = question,
            PackRows = packRows,
            Dedupe = dedupe,
            Routes = routes,
            Routing = routing,
            Patience = patience,
            BudgetUsd = budget,
            Batch = batch,
            Output = output,
            File = Problems.File,
            Directory = directory,
            Lines = Lines,
        };
    }

    /// <summary>The absolute path of one that the job file gives, or null when it cannot be a path, which is reported.</summary>
    public string? Resolve(JobMap map, string key, string? given)
    {
        if (given is null) return null;
        if (!given.Any(char.IsControl)) return Path.GetFullPath(Path.Combine(directory, given));
        map.Report(key, $"'{key}' holds a control character; it must be a path.");
        return null;
    }

    /// <summary>The absolute path of one that need not be right.</summary>
    public string Resolve(string given) => Path.GetFullPath(Path.Combine(directory, given));

    private static string? ReadName(JobMap file)
    {
        var name = file.AsText("name", file.Require("name", "Give the job a name: its answers are kept under it."))?.Trim();
        if (name is null || (name.Length <= 100 && !name.Any(char.IsControl))) return name;
        file.Report("name", "The name is too long or holds control characters.", "Write up to 100 characters in one line.");
        return null;
    }

    private static int? ReadPack(JobMap file)
    {
        var node = file.Take("pack");
        if (node is null or YamlText { Plain: true, Value: "auto" }) return null;
        var rowsAlone = node is YamlText text ? text.Value : "20";
        if (file.AsMap("pack", node, $"{{ rows: {(int.TryParse(rowsAlone, CultureInfo.InvariantCulture, out _) ? rowsAlone : "20")} }}") is not { } pack)
            return null;
        var rows = pack.WholeOrAuto("rows", 1, 1000);
        if (pack.Flag("contiguous") == true)
            pack.Report("contiguous", "'contiguous: true' is not in this version yet.", "Delete it: rows are packed by size.");
        pack.Finish();
        return (int?)rows;
    }

    private static decimal? ReadBudget(JobMap file, IReadOnlyList<Route> routes)
    {
        if (file.Map("budget", "{ usd: 5 }") is not { } budget) return null;
        var usd = budget.Number("usd", 0.000001m, 1_000_000m);
        if (!budget.Has("usd")) budget.Report("usd", "'usd' is missing.", "Write budget: { usd: 5 }.");
        budget.Finish();
        if (usd is null) return null;
        foreach (var route in routes.Where(r => r.Price is null))
            budget.Report(
                "usd", $"The price of {route.Name} is not known, so this budget cannot be kept.",
                "Add 'price: { input: …, output: … }' (USD per million tokens) to that model.");
        return usd;
    }
}
