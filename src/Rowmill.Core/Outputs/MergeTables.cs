using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>A file to be merged, looked at.</summary>
internal sealed record MergeTable(MergeInput Input, SourceOptions Options, SourceProfile Profile)
{
    /// <summary>Its rows.</summary>
    public IRowSource Source => RowSources.Open(Options);

    /// <summary>Its columns.</summary>
    public IReadOnlyList<string> Columns => Profile.Columns.Names;

    /// <summary>JSONL has no header, so a file without rows has no columns either.</summary>
    public bool HasColumns => Options.Kind == SourceKind.Csv || Profile.Rows > 0;
}

/// <summary>Looks at the files before anything is written: whether each is sound, and whether they belong together.</summary>
internal static class MergeTables
{
    /// <summary>Opens the files.</summary>
    /// <exception cref="ProblemException">Everything that is wrong with them, with the names given, and with the output.</exception>
    public static async Task<IReadOnlyList<MergeTable>> OpenAsync(MergeOptions options, CancellationToken cancellationToken)
    {
        var problems = new List<Problem>();
        var tables = new List<MergeTable>();
        foreach (var input in options.Inputs)
        {
            if (OutputFile.Resolve(input.Path) == OutputFile.Resolve(options.Output))
                problems.Add(new Problem("The output would overwrite this file.") { File = input.Name, Key = "--output", Fix = "Choose another file." });
            var look = new SourceOptions { Kind = SourceKind.Csv, Path = input.Path, Name = input.Name, MayBeEmpty = true };
            var guess = await SourceSniffer.DetectAsync(look, cancellationToken).ConfigureAwait(false);
            problems.AddRange(guess.Problems);
            if (guess.Profile is not { } profile) continue;
            tables.Add(new MergeTable(input, look with { Kind = guess.Kind, Delimiter = guess.Delimiter, Encoding = guess.Encoding }, profile));
        }

        if (problems.Count == 0) problems.AddRange(Differences(tables).Concat(WrongEnding(options, tables[0])).Take(SourceProblems.Bound));
        return problems.Count == 0 ? tables : throw new ProblemException(problems);
    }

    /// <summary>The columns that are the same in rows that are the same.</summary>
    /// <exception cref="ProblemException">A column is not there, or none is left.</exception>
    public static IReadOnlyList<string> KeyColumns(MergeOptions options, IReadOnlyList<string> columns)
    {
        if (columns.Count == 0) return [];
        if (options.Key.Count == 0)
        {
            IReadOnlyList<string> source = [.. columns.Where(c => !c.StartsWith(options.Prefix, StringComparison.Ordinal))];
            return source.Count > 0 ? source
                : throw new ProblemException(new Problem($"Every column begins with '{options.Prefix}', so nothing tells rows apart.") { Fix = "Name the columns that do: --key title,artist." });
        }

        // A name may hold a comma itself.
        var names = options.Key.SelectMany(k => columns.Contains(k, StringComparer.Ordinal) ? [k] : k.Split(',', StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal).ToList();
        var unknown = names.Where(n => !columns.Contains(n, StringComparer.Ordinal)).ToList();
        return unknown.Count == 0 ? names
            : throw new ProblemException([.. unknown.Select(n => new Problem($"There is no column '{n}'.") { Key = "--key", Fix = NearestName.Suggest(n, columns) })]);
    }

    private static IEnumerable<Problem> Differences(IReadOnlyList<MergeTable> tables)
    {
        var other = tables.FirstOrDefault(t => t.Options.Kind != tables[0].Options.Kind);
        if (other is not null)
        {
            yield return new Problem($"This is {Word(other.Options.Kind)}, and {tables[0].Input.Name} is {Word(tables[0].Options.Kind)}.") { File = other.Input.Name, Fix = "Merge files of one kind." };
            yield break;
        }

        const string Fix = "Files that are merged have the same columns.";
        var first = tables.FirstOrDefault(t => t.HasColumns);
        foreach (var table in tables.Where(t => t.HasColumns && !ReferenceEquals(t, first)))
        {
            foreach (var column in first!.Columns.Except(table.Columns, StringComparer.Ordinal))
                yield return new Problem($"The column '{column}' of {first.Input.Name} is missing here.") { File = table.Input.Name, Fix = Fix };
            foreach (var column in table.Columns.Except(first.Columns, StringComparer.Ordinal))
                yield return new Problem($"The column '{column}' is not in {first.Input.Name}.") { File = table.Input.Name, Fix = Fix };
        }
    }

    private static IEnumerable<Problem> WrongEnding(MergeOptions options, MergeTable first)
    {
        SourceKind? named = Path.GetExtension(options.Output).ToLowerInvariant() switch
        {
            ".csv" or ".tsv" or ".tab" => SourceKind.Csv,
            ".jsonl" or ".ndjson" => SourceKind.Jsonl,
            _ => null,
        };
        if (named is { } kind && kind != first.Options.Kind)
            yield return new Problem($"The output's name ends as {Word(kind)} does, and the files are {Word(first.Options.Kind)}.") { File = options.Output, Key = "--output", Fix = "Give it the ending of the files." };
    }

    private static string Word(SourceKind kind) => kind == SourceKind.Csv ? "CSV" : "JSONL";
}
