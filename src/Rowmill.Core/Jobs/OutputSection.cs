using System.Text.RegularExpressions;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>output</c>.</summary>
internal static partial class OutputSection
{
    /// <summary>The output, or null when a problem was reported.</summary>
    public static OutputOptions? Read(JobMap file, JobReader reader, SourceOptions? source)
    {
        if (file.AsMap("output", file.Require("output", "Write output: { csv: FILE }."), "{ csv: FILE }") is not { } output) return null;
        var csv = output.Text("csv");
        var jsonl = output.Text("jsonl");
        var isCsv = output.Has("csv");
        if (isCsv && output.Has("jsonl")) output.Report("jsonl", "An output has one kind; here are csv and jsonl.", "Delete one of them.");
        else if (!isCsv && !output.Has("jsonl")) output.Report("csv", "'output' names no file.", "Write csv: FILE or jsonl: FILE in it.");

        var key = csv is null ? "jsonl" : "csv";
        var path = reader.Resolve(output, key, csv ?? jsonl);
        if (path is not null && source is not null && IsSame(path, source.Path))
            output.Report(key, "The output is the source itself, which must stay untouched.", "Write to another file.");
        else if (path is not null && reader.FilePath is { } job && IsSame(path, job))
            output.Report(key, "The output is the job file itself.", "Write to another file.");

        var prefix = output.Text("prefix") ?? "ai_";
        if (!Prefix().IsMatch(prefix))
            output.Report(
                "prefix", $"'{prefix}' cannot begin a column name.",
                "Write a letter or underscore, then letters, digits, '_', '-' or '.', at most 40, such as ai_.");
        var bom = output.Flag("bom") ?? false;
        var receipt = output.Flag("receipt") ?? false;
        var spread = output.Numbers("spread", "{ subgenres: 3 }", 1, 1000);
        foreach (var only in new[] { "bom", "spread" })
            if (output.Has(only) && !isCsv) output.Report(only, $"'{only}' is for csv outputs only.", "Delete it.");
        output.Finish();

        if (path is null) return null;
        return new OutputOptions
        {
            Kind = csv is null ? OutputKind.Jsonl : OutputKind.Csv,
            Path = path,
            Prefix = prefix,
            Bom = bom,
            Receipt = receipt,
            Spread = spread.ToDictionary(s => s.Key, s => (int)s.Value, StringComparer.Ordinal),
        };
    }

    private static bool IsSame(string a, string b)
    {
        var comparison = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return string.Equals(Target(a), Target(b), comparison);
    }

    private static string Target(string path)
    {
        try
        {
            // Mostly it is no link, and often not there yet.
            return new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path : path;
        }
        catch (IOException)
        {
            return path;
        }
    }

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{Nd}_.-]{0,39}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Prefix();
}
