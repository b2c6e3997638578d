namespace Rowmill.Core.Outputs;

/// <summary>A file to be merged.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Name">What messages call it.</param>
public sealed record MergeInput(string Path, string Name);

/// <summary>What is to be merged, and how.</summary>
public sealed record MergeOptions
{
    /// <summary>The files, at least one; rows come in their order.</summary>
    public required IReadOnlyList<MergeInput> Inputs { get; init; }

    /// <summary>Absolute path of the file to write; none of <see cref="Inputs"/>.</summary>
    public required string Output { get; init; }

    /// <summary>What tells rows apart: names of columns, alone or several with commas between them. Empty for every column of the source.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>What the names of the columns begin with that a run added; the others are the source's.</summary>
    public string Prefix { get; init; } = "ai_";

    /// <summary>True to keep every row.</summary>
    public bool KeepDuplicates { get; init; }
}

/// <summary>What a merge did.</summary>
/// <param name="Files">Each file with its rows.</param>
/// <param name="Kept">Rows written.</param>
/// <param name="Duplicates">Rows like one before them.</param>
public sealed record MergeReport(IReadOnlyList<MergedFile> Files, long Kept, long Duplicates)
{
    /// <summary>Duplicates that took the place of the row before them: they have an answer, and it has none.</summary>
    public long Replaced { get; init; }

    /// <summary>The first duplicates, up to <see cref="RowMerge.Listed"/>.</summary>
    public IReadOnlyList<DuplicateRow> Listed { get; init; } = [];

    /// <summary>Rows read.</summary>
    public long Rows => Files.Sum(f => f.Rows);
}

/// <summary>A file that was merged.</summary>
/// <param name="Input">The file.</param>
/// <param name="Rows">Its rows.</param>
public sealed record MergedFile(MergeInput Input, long Rows);

/// <summary>Where a row stands.</summary>
/// <param name="File"><see cref="MergeInput.Name"/>.</param>
/// <param name="Line">1-based line where it begins.</param>
public sealed record RowPlace(string File, long Line);

/// <summary>A row like one before it.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="First">Where the first such row stands.</param>
/// <param name="Kept">True when it was written.</param>
public sealed record DuplicateRow(RowPlace Place, RowPlace First, bool Kept);
