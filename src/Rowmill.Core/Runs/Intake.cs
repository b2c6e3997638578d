using Rowmill.Core.Outputs;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>Which rows an intake takes, and what stored outcomes mean to it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Scope">The stored outcomes that count.</param>
/// <param name="Options">The run's options.</param>
/// <param name="AnythingStored">False when nothing is stored for the scope yet.</param>
internal sealed record IntakeRules(string RunId, AnswerScope Scope, RunOptions Options, bool AnythingStored)
{
    /// <summary>The rows that are being asked elsewhere, in batches; null for none.</summary>
    public OccurrenceIndex? Elsewhere { get; init; }
}

/// <summary>
/// The first station of a run: reads rows, leaves out what is invalid or answered, and gives out the rest in source order. Rows with
/// equal keys are given out once. It holds one chunk of the source and the rows in flight, never the table. Not safe for
/// concurrent use, <see cref="Stored"/> and <see cref="LetGo"/> excepted.
/// </summary>
internal sealed class Intake(
    IRowSource source, RowJudge judge, IAnswerStore answers, IntakeRules rules, RunCounters counters, RowsAsked asked, CancellationToken stopping)
    : IAsyncDisposable
{
    private const int ChunkRows = 512;
    private const int ChunkBytes = 1 << 20;

    private readonly SeenFilter _seen = new();
    private readonly Dictionary<RowKey, Ask> _inFlight = [];
    private readonly Queue<Ask> _ready = new();
    private readonly List<Ask> _fresh = [];
    private readonly List<Ask> _doubtful = [];
    private readonly RowKey[] _keys = new RowKey[ChunkRows];
    private readonly StoredOutcome?[] _found = new StoredOutcome?[ChunkRows];
    private IAsyncEnumerator<Row>? _rows;
    private long _invalid;
    private bool _ended;

    /// <summary>The next row to ask, left in place; null at the end of the source.</summary>
    public async ValueTask<Ask?> PeekAsync()
    {
        while (_ready.Count == 0)
        {
            if (_ended) return null;
            await FillAsync().ConfigureAwait(false);
        }

        return _ready.Peek();
    }

    /// <summary>Takes the row that <see cref="PeekAsync"/> showed.</summary>
    public Ask Take()
    {
        var ask = _ready.Dequeue();
        asked.Add(ask.Tokens);
        return ask;
    }

    /// <summary>The row's outcome is stored: equal rows that come later will find it there.</summary>
    /// <returns>How many rows of the source it is the outcome of.</returns>
    public int Stored(Ask ask)
    {
        lock (_inFlight)
        {
            _inFlight.Remove(ask.Key);
            return ask.Rows;
        }
    }

    /// <summary>Rows stay pending while others go on: they are held no longer, and equal rows that come later are asked for themselves.</summary>
    public void LetGo(Pack pack)
    {
        lock (_inFlight)
        {
            foreach (var ask in pack.Rows) _inFlight.Remove(ask.Key);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_rows is not null) await _rows.DisposeAsync().ConfigureAwait(false);
        judge.Dispose();
    }

    private async ValueTask FillAsync()
    {
        _rows ??= source.ReadAsync(stopping).GetAsyncEnumerator(stopping);
        _fresh.Clear();
        _doubtful.Clear();
        var bytes = 0;
        while (_fresh.Count < ChunkRows && bytes < ChunkBytes)
        {
            if (!await _rows.MoveNextAsync().ConfigureAwait(false) || rules.Options.EndsBefore(_rows.Current.Index))
            {
                _ended = true;
                break;
            }

            // Rows left out are judged too: the occurrence numbers of equal rows count from the beginning.
            var judgement = judge.Judge(_rows.Current);
            if (!rules.Options.Counts(_rows.Current.Index)) continue;
            if (judgement.Invalid is not null)
            {
                _invalid++;
                counters.Known(RowStatus.Invalid, 1);
            }
            else if (rules.Elsewhere?.Contains(judgement.Shown.Key) != true) bytes += Admit(judgement.Shown);
        }

        await LookUpAsync().ConfigureAwait(false);
        foreach (var ask in _fresh) _ready.Enqueue(ask);
    }

    /// <summary>Counts a row into its equal in flight, or makes it a candidate. Returns the bytes it takes.</summary>
    private int Admit(ShownRow shown)
    {
        lock (_inFlight)
        {
            ref var slot = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_inFlight, shown.Key, out var known);
            if (known)
            {
                slot!.Rows++;
                return 0;
            }

            slot = new Ask(shown.Key, shown.Json) { InvalidBefore = _invalid };
            if (asked.Resumed.TryGetValue(shown.Key, out var been)) slot.Resume(been);
            _fresh.Add(slot);
            if (_seen.Add(shown.Key) || rules.AnythingStored) _doubtful.Add(slot);
            return shown.Json.Length;
        }
    }

    /// <summary>Takes out of the candidates what the store already answers.</summary>
    private async ValueTask LookUpAsync()
    {
        if (_doubtful.Count == 0) return;
        for (var i = 0; i < _doubtful.Count; i++) _keys[i] = _doubtful[i].Key;
        await answers.FindAsync(rules.Scope, _keys.AsMemory(0, _doubtful.Count), _found.AsMemory(0, _doubtful.Count), stopping)
            .ConfigureAwait(false);
        HashSet<Ask>? settled = null;
        for (var i = 0; i < _doubtful.Count; i++)
        {
            var found = _found[i];
            _found[i] = null;
            if (found is null) continue;
            if (found.Kind != OutcomeKind.Failed) counters.AnsweredBy(found.Route);
            if (rules.Options.AsksAgain(found, rules.RunId)) continue;
            (settled ??= []).Add(_doubtful[i]);
            Settle(_doubtful[i], found);
        }

        if (settled is not null) _fresh.RemoveAll(settled.Contains);
    }

    private void Settle(Ask ask, StoredOutcome found)
    {
        var status = found.Kind switch
        {
            OutcomeKind.Answered => RowStatus.Answered,
            OutcomeKind.Abstained => RowStatus.Abstained,
            _ => RowStatus.Failed,
        };
        lock (_inFlight)
        {
            _inFlight.Remove(ask.Key);
            if (found.RunId == rules.RunId) counters.Ended(status, ask.Rows);
            else counters.Known(status, ask.Rows);
        }
    }
}
