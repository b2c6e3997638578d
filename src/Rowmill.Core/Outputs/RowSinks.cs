using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Opens the outputs this version writes, and finds what is wrong with them before anything is spent.</summary>
public static class RowSinks
{
    /// <summary>What is wrong with the output of a job; empty when it can be written.</summary>
    /// <param name="options">The job's output.</param>
    /// <param name="source">The job's source: it must not be overwritten.</param>
    /// <param name="sourceColumns">The columns its profile found.</param>
    /// <param name="answerProperties">The answer's properties, in the schema's order.</param>
    /// <param name="simulated">Whether the answers are the simulator's.</param>
    public static IReadOnlyList<Problem> Check(
        OutputOptions options, SourceOptions source, RowColumns sourceColumns, IReadOnlyList<string> answerProperties, bool simulated)
    {
        var problems = new List<Problem>();
        foreach (var (property, columns) in options.Spread)
        {
            var key = $"output.spread.{property}";
            if (!answerProperties.Contains(property, StringComparer.Ordinal))
                Add(key, $"the answer has no property {property}.", $"Its properties are {string.Join(", ", answerProperties)}.");
            if (columns is < 1 or > 1000) Add(key, $"{columns} columns are no spread.", "Give a number from 1 to 1000.");
        }

        if (problems.Count == 0) CheckNames();
        CheckPath();
        return problems;

        void CheckNames()
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var name in OutputColumns.Added(options, answerProperties, simulated))
            {
                if (sourceColumns.IndexOf(name) >= 0)
                    Add("output.prefix", $"the source already has a column {name}.", "Choose another prefix.");
                else if (!names.Add(name)) Add("answer", $"the output would have two columns {name}.", "Rename the answer's property.");
            }
        }

        void CheckPath()
        {
            if (Directory.Exists(options.Path)) Add("output", $"{options.Path} is a folder, not a file.", "Name a file within it.");
            else if (OutputFile.Resolve(options.Path) == OutputFile.Resolve(source.Path))
                Add("output", "the output would overwrite the source.", "Choose another file.");
            else Probe();
        }

        // A folder that is missing is made when the output begins; until then the nearest one that is there stands for it.
        void Probe()
        {
            var path = OutputFile.Resolve(options.Path);
            var folder = Path.GetDirectoryName(path)!;
            while (!Path.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
            try
            {
                OutputFile.Create(Path.Combine(folder, Path.GetFileName(path))).Dispose();
            }
            catch (ProblemException e)
            {
                problems.AddRange(e.Problems.Select(p => p with { File = options.Path }));
            }
        }

        void Add(string key, string message, string fix) => problems.Add(new Problem(message) { Key = key, Fix = fix });
    }

    /// <summary>Begins the output. Any kind of row can be written to any kind of output.</summary>
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
