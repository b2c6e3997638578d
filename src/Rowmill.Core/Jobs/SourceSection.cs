using Rowmill.Core.Rows;

namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>source</c>.</summary>
internal static class SourceSection
{
    private static readonly string[] s_planned = ["json", "excel", "files", "lrc", "roadmap", "transcript", "postgres", "job"];

    /// <summary>The source, or null when a problem was reported.</summary>
    public static SourceOptions? Read(JobMap file, JobReader reader)
    {
        if (file.AsMap("source", file.Require("source", "Write source: { csv: FILE }."), "{ csv: FILE }") is not { } source) return null;
        var csv = source.Text("csv");
        var jsonl = source.Text("jsonl");
        foreach (var kind in s_planned) source.NotYet(kind, "Sources in this version: csv, jsonl.");
        var isCsv = source.Has("csv");
        if (isCsv && source.Has("jsonl")) source.Report("jsonl", "A source has one kind; here are csv and jsonl.", "Delete one of them.");
        else if (!isCsv && !source.Has("jsonl") && !s_planned.Any(source.Has))
            source.Report("csv", "'source' names no table.", "Write csv: FILE or jsonl: FILE in it.");

        var name = csv ?? jsonl;
        var path = reader.Resolve(source, csv is null ? "jsonl" : "csv", name);
        var delimiter = ReadDelimiter(source);
        var encoding = ReadEncoding(source);
        var ragged = source.Text("ragged");
        if (ragged is not null and not "pad")
            source.Report("ragged", $"'{ragged}' is not a way to read short rows.", "Write ragged: pad, or delete it: short rows are then errors.");
        foreach (var key in new[] { "delimiter", "encoding", "ragged" })
            if (source.Has(key) && !isCsv) source.Report(key, $"'{key}' is for csv sources only.", "Delete it.");

        var result = new SourceOptions
        {
            Kind = csv is null ? SourceKind.Jsonl : SourceKind.Csv,
            Path = path ?? "",
            Name = name ?? "",
            Delimiter = delimiter,
            Encoding = encoding,
            PadRagged = ragged == "pad",
            Key = source.Names("key"),
            Fields = source.Names("fields"),
            Require = source.Names("require"),
        };
        source.Finish();
        return path is null ? null : result;
    }

    private static char ReadDelimiter(JobMap source)
    {
        var node = source.Take("delimiter");
        if (node is null) return ',';
        if (node is YamlText { Value: [var c] } && char.IsAscii(c) && (c == '\t' || !char.IsControl(c)) && !char.IsLetterOrDigit(c) && c != '"')
            return c;
        var given = node is YamlText text ? $"'{text.Value}'" : "This";
        source.Report("delimiter", $"{given} cannot be a delimiter.", "Write one ASCII character in double quotes, such as \",\", \";\" or \"\\t\" for a tab.");
        return ',';
    }

    private static string ReadEncoding(JobMap source)
    {
        if (source.Text("encoding") is not { } name) return "utf-8";
        if (TextEncodings.Find(name) is not null) return name.ToLowerInvariant();
        source.Report("encoding", $"There is no encoding '{name}'.", NearestName.Suggest(name, TextEncodings.Names));
        return "utf-8";
    }
}
