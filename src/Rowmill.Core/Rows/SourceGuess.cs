namespace Rowmill.Core.Rows;

/// <summary>What a look at a table says of it, to begin a job file with.</summary>
public sealed record SourceGuess
{
    /// <summary>The kind, by the file's extension and beginning.</summary>
    public required SourceKind Kind { get; init; }

    /// <summary>The delimiter that splits the beginning most evenly; a comma where there is none.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>A name for <c>source.encoding</c>.</summary>
    public string Encoding { get; init; } = "utf-8";

    /// <summary>The columns; empty when there are problems.</summary>
    public IReadOnlyList<SourceColumn> Columns { get; init; } = [];

    /// <summary>What the pass over the whole table found; null when there are problems.</summary>
    public SourceProfile? Profile { get; init; }

    /// <summary>Why the table cannot be used as it is; empty when the part looked at is sound.</summary>
    public IReadOnlyList<Problem> Problems { get; init; } = [];
}

/// <summary>A column and some of what it holds.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Samples">Up to three different values that are not blank, as text, cut to 80 characters.</param>
public sealed record SourceColumn(string Name, IReadOnlyList<string> Samples);
