using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Ledger;

/// <summary>Counts everything and remembers the newest accepted requests. Safe for concurrent use.</summary>
internal sealed class RequestLedger(int? capacity, TimeProvider clock)
{
    /// <summary>So many different rows are told apart (about 100 MB); beyond, the count is a lower bound.</summary>
    private const int MaxDistinct = 4_000_000;

    private readonly Lock _gate = new();
    private readonly LinkedList<LedgerEntry> _entries = new();
    private readonly Dictionary<string, long> _outcomes = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _distinct = [];
    private long _requests, _accepted, _billed, _rowsAsked, _rowsBilled, _promptTokens, _cachedTokens, _outputTokens;
    private int _inFlight, _maxInFlight;
    private bool _distinctFull;
    private int _epoch;

    public bool KeepsRows => capacity != 0;

    public void Arrived()
    {
        lock (_gate) _requests++;
    }

    public void Began()
    {
        lock (_gate) _maxInFlight = Math.Max(_maxInFlight, ++_inFlight);
    }

    public void Left()
    {
        lock (_gate) _inFlight--;
    }

    /// <summary>A request that ended without ever being an accepted one.</summary>
    public void Ended(string outcome)
    {
        lock (_gate) Count(outcome);
    }

    public LedgerTicket Accept(string model, IReadOnlyList<AskedRow> rows)
    {
        lock (_gate)
        {
            _accepted++;
            _rowsAsked += rows.Count;
            foreach (var row in rows)
            {
                if (_distinct.Count < MaxDistinct) _distinct.Add(row.Hash);
                else _distinctFull |= !_distinct.Contains(row.Hash);
            }

            var entry = new LedgerEntry(
                _accepted, clock.GetUtcNow(), model, KeepsRows ? [.. rows.Select(r => r.Canonical)] : [], "pending", false, 0, 0);
            if (!KeepsRows) return new LedgerTicket(_epoch, entry, null, rows.Count);
            var node = _entries.AddLast(entry);
            if (_entries.Count > capacity) _entries.RemoveFirst();
            return new LedgerTicket(_epoch, entry, node, rows.Count);
        }
    }

    /// <summary>Closes an accepted request; <paramref name="bill"/> is null when nothing is charged.</summary>
    public void Close(LedgerTicket ticket, string outcome, Bill? bill)
    {
        lock (_gate)
        {
            if (ticket.Epoch != _epoch) return;
            Count(outcome);
            var entry = ticket.Entry with { Outcome = outcome };
            if (bill is { } charged)
            {
                _billed++;
                _rowsBilled += ticket.RowCount;
                _promptTokens += charged.Prompt;
                _cachedTokens += charged.Cached;
                _outputTokens += charged.Output;
                entry = entry with { Billed = true, PromptTokens = charged.Prompt, OutputTokens = charged.Output };
            }

            if (ticket.Node is { } node) node.Value = entry;
        }
    }

    public IReadOnlyList<LedgerEntry> Entries()
    {
        lock (_gate) return [.. _entries];
    }

    public SimulatorStats Snapshot()
    {
        lock (_gate)
        {
            return new SimulatorStats
            {
                Requests = _requests,
                Accepted = _accepted,
                Billed = _billed,
                Outcomes = new SortedDictionary<string, long>(_outcomes, StringComparer.Ordinal),
                RowsAsked = _rowsAsked,
                RowsBilled = _rowsBilled,
                DistinctRows = _distinct.Count,
                DistinctRowsIsLowerBound = _distinctFull,
                InFlight = _inFlight,
                MaxInFlight = _maxInFlight,
                PromptTokens = _promptTokens,
                CachedTokens = _cachedTokens,
                OutputTokens = _outputTokens,
            };
        }
    }

    public void Reset()
    {
        lock (_gate)
        {
            _epoch++;
            _entries.Clear();
            _outcomes.Clear();
            _distinct.Clear();
            _distinctFull = false;
            _requests = _accepted = _billed = _rowsAsked = _rowsBilled = _promptTokens = _cachedTokens = _outputTokens = 0;
            _maxInFlight = _inFlight;
        }
    }

    private void Count(string outcome) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_outcomes, outcome, out _)++;
}

/// <summary>What an accepted request costs, in tokens.</summary>
/// <param name="Prompt">Of the whole prompt.</param>
/// <param name="Cached">Of it, read from the cache.</param>
/// <param name="Output">Written, thoughts included.</param>
/// <param name="Thoughts">Of them, thoughts.</param>
/// <param name="Written">Of the prompt, put into a cache that the request asked for.</param>
internal readonly record struct Bill(int Prompt, int Cached, int Output, int Thoughts = 0, int Written = 0);

/// <summary>The place of an accepted request in the ledger; the epoch tells requests from before a reset.</summary>
internal sealed record LedgerTicket(int Epoch, LedgerEntry Entry, LinkedListNode<LedgerEntry>? Node, int RowCount);
