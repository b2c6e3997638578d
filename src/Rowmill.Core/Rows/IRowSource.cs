namespace Rowmill.Core.Rows;

/// <summary>Port: where rows come from. A source can be read any number of times and streams each time.</summary>
public interface IRowSource
{
    /// <summary>What messages call it: the file name as the job gives it.</summary>
    string Name { get; }

    /// <summary>
    /// Reads the whole source once, without keeping it: counts the rows, collects the columns and finds what is wrong.
    /// </summary>
    /// <returns>The profile; its problems are complete up to a bound, and a source with a problem is not asked about.</returns>
    ValueTask<SourceProfile> ProfileAsync(CancellationToken cancellationToken = default);

    /// <summary>Streams the rows in source order.</summary>
    /// <exception cref="ProblemException">The source cannot be read any further (it changed since it was profiled).</exception>
    IAsyncEnumerable<Row> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>A short text that differs when the source was changed (for a file: its size and time of change).</summary>
    string Stamp();
}

/// <summary>What one pass over a source found.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">Every column seen, in order of first appearance, and how the cells are written.</param>
/// <param name="Problems">What is wrong with the source; empty when it can be used.</param>
/// <param name="Stamp"><see cref="IRowSource.Stamp"/> when the pass began.</param>
public sealed record SourceProfile(long Rows, RowColumns Columns, IReadOnlyList<Problem> Problems, string Stamp)
{
    /// <summary>How the source ends its lines, for an output of the same kind: LF or CR LF.</summary>
    public string NewLine { get; init; } = "\n";
}
