namespace Rowmill.Core.Rows;

/// <summary>One pass over the records of a file. What is wrong with the file is among the problems it was opened with.</summary>
internal interface IRecords : IDisposable
{
    /// <summary>The columns that were met so far.</summary>
    RowColumns Columns { get; }

    /// <summary>How lines end; null where that is not told.</summary>
    string? NewLine { get; }

    /// <summary>Whether bytes were seen that the pass cannot trust; <see cref="Finish"/> tells where.</summary>
    bool HasFault { get; }

    /// <summary>Moves to the next record; false at the end, or where the pass cannot go on.</summary>
    bool Read();

    /// <summary>The record read last, as a row of its own memory.</summary>
    /// <param name="index">The row's number from 0.</param>
    Row ToRow(long index);

    /// <summary>Tells what only the end shows.</summary>
    /// <param name="rows">How many records were read.</param>
    void Finish(long rows);
}
