using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Jobs;

/// <summary>How a job file is read.</summary>
public sealed record JobFileOptions
{
    /// <summary>The folder a relative path of the job file starts from; null for the current one.</summary>
    public string? Directory { get; init; }

    /// <summary>What is known of models, and the presets; the program's own unless a user's file goes before them.</summary>
    public ModelTables Models { get; init; } = ModelTables.BuiltIn;

    /// <summary>Reads the answer schema; replaced by tests of everything around it.</summary>
    internal AnswerSchemaParser ParseSchema { get; init; } = AnswerSchema.Parse;
}

/// <summary>The shape of <see cref="AnswerSchema.Parse"/>.</summary>
internal delegate AnswerSchema? AnswerSchemaParser(
    JsonElement schema, Func<string, IReadOnlyList<string>> readLabels, Action<string, string, string?> report);

/// <summary>What came of reading a job file: a job, or everything that is wrong with the file.</summary>
public sealed record JobFileResult
{
    /// <summary>The job; null when there is a problem.</summary>
    public Job? Job { get; init; }

    /// <summary>Every problem found, from the top of the file down; empty when there is a job.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }

    /// <summary>The source, when it could be read although something else is wrong.</summary>
    internal SourceOptions? Source { get; init; }

    /// <summary>The lines of the source's keys.</summary>
    internal IReadOnlyDictionary<string, int> Lines { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>
    /// Every problem, those of the source besides: a person who has to mend the job file wants to hear of the table at once.
    /// </summary>
    public async ValueTask<IReadOnlyList<Problem>> WithSourceProblemsAsync(CancellationToken cancellationToken = default)
    {
        if (Source is null || Problems.Count == 0) return Problems;
        var profile = await RowSources.Open(Source).ProfileAsync(cancellationToken).ConfigureAwait(false);
        var more = profile.Problems.Count > 0
            ? profile.Problems.Select(p => JobLines.LocateSource(Problems[0].File, Lines, p))
            : JobColumns.Missing(Source, profile.Columns.Names).Select(p => JobLines.Locate(Problems[0].File, Lines, p));
        return [.. Problems, .. more];
    }

    /// <summary>True when there is a job.</summary>
    [MemberNotNullWhen(true, nameof(Job))]
    public bool Succeeded => Job is not null;
}

/// <summary>Reads job files: YAML with the keys of the guide, paths relative to the file's own folder.</summary>
public static class JobFile
{
    private const int MaxBytes = 16 << 20;

    /// <summary>Reads a job file and reports every mistake in it at once. Neither source nor server is touched.</summary>
    /// <param name="path">The file as the person named it; messages repeat it.</param>
    /// <param name="options">How to read it.</param>
    public static JobFileResult Load(string path, JobFileOptions? options = null)
    {
        var full = Path.GetFullPath(path, options?.Directory ?? Environment.CurrentDirectory);
        var read = ReadText(path, full);
        return read.Text is null
            ? new JobFileResult { Problems = [read.Problem!] }
            : Parse(read.Text, path, Path.GetDirectoryName(full)!, full, options);
    }

    /// <summary>Reads a job file's text that is not, or not yet, in a file.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="directory">The folder that relative paths start from.</param>
    /// <param name="options">How to read it.</param>
    public static JobFileResult Parse(string text, string name, string directory, JobFileOptions? options = null) =>
        Parse(text, name, Path.GetFullPath(directory), path: null, options);

    private static JobFileResult Parse(string text, string name, string directory, string? path, JobFileOptions? options)
    {
        var problems = new JobFileProblems(name);
        var reader = new JobReader(problems, directory, path, options ?? new JobFileOptions());
        var job = YamlReader.Read(text, problems) is { } root ? reader.Read(root) : null;
        if (problems.Count > 0) return new JobFileResult { Problems = problems.InFileOrder(), Source = reader.Source, Lines = reader.Lines };
        return new JobFileResult
        {
            Job = job ?? throw new InvalidOperationException("no job and nothing wrong with its file"),
            Problems = [],
        };
    }

    private static (string? Text, Problem? Problem) ReadText(string path, string full)
    {
        if (Path.GetExtension(full).ToLowerInvariant() is ".csv" or ".jsonl" or ".tsv" or ".xlsx")
            return Fail("This is a table, not a job file.", $"'rowmill init {path}' writes a job file for it.");
        if (Directory.Exists(full)) return Fail("This is a folder, not a job file.", "Name the .yaml file in it.");
        try
        {
            if (new FileInfo(full) is { Exists: true, Length: > MaxBytes }) return Fail("This file is too large to be a job file.", null);
            return (TextFile.Read(full), null);
        }
        catch (DecoderFallbackException)
        {
            return Fail("This file is not UTF-8.", "Save it as UTF-8.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            var near = TextFile.Nearest(full);
            return Fail("There is no such file.", near is null ? "'rowmill init TABLE.csv' writes a job file." : $"Did you mean '{near}'?");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail($"This file cannot be read: {e.Message}", null);
        }

        (string?, Problem?) Fail(string message, string? fix) => (null, new Problem(message) { File = path, Fix = fix });
    }
}
