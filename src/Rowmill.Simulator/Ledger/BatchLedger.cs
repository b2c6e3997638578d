using System.Runtime.InteropServices;
using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Ledger;

/// <summary>What was charged for lines of batches, and what of it was charged before. Safe for concurrent use.</summary>
/// <param name="keepsLines">True to remember each line's id.</param>
internal sealed class BatchLedger(bool keepsLines)
{
    private readonly Lock _gate = new();

    /// <summary>Rows for which a batch has delivered a good answer, each with the question asked about it.</summary>
    private readonly HashSet<ulong> _answered = [];
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private long _billed, _linesTwice, _rowsTwice;

    /// <summary>A line was charged.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="question">What it asks about its rows.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="good">True when its answer is as it should be and can be fetched.</param>
    public void Line(string? id, ulong question, IReadOnlyList<AskedRow> rows, bool good)
    {
        lock (_gate)
        {
            _billed++;
            if (keepsLines && id is not null) CollectionsMarshal.GetValueRefOrAddDefault(_lines, id, out _)++;
            var before = rows.Count(r => _answered.Contains(Mix.With(question, r.Hash)));
            if (before > 0) _linesTwice++;
            _rowsTwice += before;
            if (!good) return;
            foreach (var row in rows) _answered.Add(Mix.With(question, row.Hash));
        }
    }

    /// <summary>A request outside of batches was charged.</summary>
    public void Online(ulong question, IReadOnlyList<AskedRow> rows)
    {
        lock (_gate)
            if (_answered.Count > 0) _rowsTwice += rows.Count(r => _answered.Contains(Mix.With(question, r.Hash)));
    }

    /// <summary>How many lines of this id were charged.</summary>
    public int TimesBilled(string id)
    {
        lock (_gate) return _lines.GetValueOrDefault(id);
    }

    public SimulatorStats AddTo(SimulatorStats stats)
    {
        lock (_gate) return stats with { BatchLinesBilled = _billed, BatchLinesBilledTwice = _linesTwice, BatchRowsBilledTwice = _rowsTwice };
    }

    public void Reset()
    {
        lock (_gate)
        {
            _answered.Clear();
            _lines.Clear();
            _billed = _linesTwice = _rowsTwice = 0;
        }
    }
}
