namespace Rowmill.Core.Rows;

/// <summary>The kinds of source this version reads.</summary>
public enum SourceKind
{
    /// <summary>A CSV file.</summary>
    Csv,

    /// <summary>A file with one JSON object a line.</summary>
    Jsonl,
}

/// <summary>The job's <c>source</c>.</summary>
public sealed record SourceOptions
{
    /// <summary>The kind of source.</summary>
    public required SourceKind Kind { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>The path as the job file gives it, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The job file's key that names the file.</summary>
    internal string FileKey => Kind == SourceKind.Csv ? "source.csv" : "source.jsonl";

    /// <summary>CSV delimiter, one ASCII character.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>Encoding name; UTF-8 by default, a byte order mark is honoured.</summary>
    public string Encoding { get; init; } = "utf-8";

    /// <summary>True when short rows are padded with empty cells.</summary>
    public bool PadRagged { get; init; }

    /// <summary>JSONL: a file without a row is no mistake, as rows made in code may be none.</summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>Columns that name a row for people; empty for the row's content.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>Columns the model sees, in this order; empty for every column.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Columns that must not be blank, NULL or #REF!.</summary>
    public IReadOnlyList<string> Require { get; init; } = [];
}
