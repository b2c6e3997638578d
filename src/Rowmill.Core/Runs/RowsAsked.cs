using Rowmill.Core.Packing;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Runs;

/// <summary>Counts the rows given out to be asked, for what the rest will need. Safe for concurrent use.</summary>
internal sealed class RowsAsked
{
    private long _rows;
    private long _tokens;

    /// <summary>Estimated tokens of the fields of one row; null before the first.</summary>
    public double? TokensPerRow => Interlocked.Read(ref _rows) is > 0 and var rows ? (double)Interlocked.Read(ref _tokens) / rows : null;

    /// <summary>What rows have been through elsewhere, in batches; empty when none was.</summary>
    public IReadOnlyDictionary<RowKey, Ask> Resumed { get; private set; } = new Dictionary<RowKey, Ask>();

    /// <summary>Rows go on that were asked elsewhere.</summary>
    public void Resume(IReadOnlyDictionary<RowKey, Ask> rows) => Resumed = rows;

    /// <summary>A row is given out.</summary>
    public void Add(int tokens)
    {
        Interlocked.Increment(ref _rows);
        Interlocked.Add(ref _tokens, tokens);
    }
}
