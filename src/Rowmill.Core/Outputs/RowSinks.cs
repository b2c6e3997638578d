using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Opens the outputs this version writes, and finds what is wrong with them before anything is spent.</summary>
public static class RowSinks
{
    /// <summary>What keeps the output's file from being written; empty when it can be.</summary>
    /// <param name="options">The job's output.</param>
    /// <param name="source">The job's source: it must not be overwritten.</param>
    /// <returns>At most one problem, with the key <c>output.csv</c> or <c>output.jsonl</c>.</returns>
    public static IReadOnlyList<Problem> Check(OutputOptions options, SourceOptions source)
    {
        if (options.Kind == OutputKind.None) return [];
        var key = options.Kind == OutputKind.Csv ? "output.csv" : "output.jsonl";
        if (Directory.Exists(options.Path)) return Told($"{options.Path} is a folder, not a file.", "Name a file within it.");
        var target = OutputFile.Resolve(options.Path);
        if (target == OutputFile.Resolve(source.Path)) return Told("The output would overwrite the source.", "Choose another file.");
        // A folder that is missing is made when the output begins; until then the nearest one that is there stands for it.
        var folder = Path.GetDirectoryName(target)!;
        while (!Path.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        try
        {
            OutputFile.Create(Path.Combine(folder, Path.GetFileName(target))).Dispose();
            return [];
        }
        catch (ProblemException e)
        {
            return [.. e.Problems.Select(p => p with { File = options.Path, Key = key })];
        }

        IReadOnlyList<Problem> Told(string message, string fix) => [new Problem(message) { Key = key, Fix = fix }];
    }

    /// <summary>Begins the output, which must have a file. Any kind of row can be written to any kind of output.</summary>
    /// <param name="options">The job's output; <see cref="Check"/> found nothing wrong with it.</param>
    /// <param name="sourceColumns">The columns the source's profile found.</param>
    /// <param name="answerProperties">The answer's properties, in the schema's order.</param>
    /// <param name="delimiter">CSV: the source's delimiter.</param>
    /// <param name="newLine">CSV: the source's line end, <see cref="SourceProfile.NewLine"/>.</param>
    /// <param name="simulated">True to say in every row that the answers are the simulator's.</param>
    /// <exception cref="ProblemException">The folder cannot be written.</exception>
    public static IRowSink Create(
        OutputOptions options,
        RowColumns sourceColumns,
        IReadOnlyList<string> answerProperties,
        char delimiter,
        string newLine,
        bool simulated) => options.Kind switch
        {
            OutputKind.Csv => new CsvRowSink(options, sourceColumns, answerProperties, delimiter, newLine, simulated),
            OutputKind.Jsonl => new JsonlRowSink(options, simulated),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "Unknown kind of output."),
        };
}
