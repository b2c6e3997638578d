using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>What a pack leaves to be asked.</summary>
/// <param name="Packs">Packs to ask as they are.</param>
/// <param name="Rows">Rows to ask with others of their kind.</param>
internal sealed record StillToAsk(IReadOnlyList<Pack> Packs, IReadOnlyList<Ask> Rows)
{
    /// <summary>Nothing.</summary>
    public static StillToAsk Nothing { get; } = new([], []);
}

/// <summary>
/// Gives out packs: first those whose rows must be asked again, after a rest where they need one, then rows gathered for a model that is
/// open, then new ones filled from the intake up to the job's bound and the token budget; at the end what is gathered. Ends when the source is
/// used up and no pack is out or rests. Safe for concurrent use.
/// </summary>
/// <param name="intake">Where new rows come from.</param>
/// <param name="sizerFor">The sizer of the route that a row would go now.</param>
/// <param name="isOpen">Whether a route that a row has not ended on can be asked now.</param>
/// <param name="isUnproven">Whether no model has answered a single row of the job yet.</param>
/// <param name="mostHeld">See <see cref="Gathering.MostHeld"/>.</param>
/// <param name="clock">The clock that rests are waited by.</param>
internal sealed class PackQueue(
    Intake intake, Func<Ask, PackSizer> sizerFor, Func<Ask, bool> isOpen, Func<bool> isUnproven, int mostHeld, TimeProvider clock) : IDisposable
{
    /// <summary>As many packs rest while new ones are filled: each holds its rows, and where more break, sending more does not help.</summary>
    private const int MostResting = 32;

    private const int MostYielding = 32;

    /// <summary>As long as nothing was ever answered, new rows tell more than the same again: as many of these wait as show a mistake in the job.</summary>
    private const int MostYieldingUnproven = Harvest.MostBarrenRows + MostYielding;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _filling = new(1, 1);
    private readonly Queue<Pack> _again = new();
    private readonly RestingPacks _resting = new(clock);
    private readonly Gathering _gathered = new(sizerFor, isOpen, mostHeld);
    private readonly List<Pack> _aside = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _usedUp;
    private int _out;

    /// <summary>True once no new rows come.</summary>
    public bool IsUsedUp
    {
        get
        {
            lock (_gate) return _usedUp;
        }
    }

    /// <summary>
    /// Lets the rows of a pack that is out, and to which no model is open, wait with others of their kind while there is something else to ask.
    /// </summary>
    /// <returns>False when there is not, or when no more rows are held: then it is to wait, or to stay pending.</returns>
    public bool TryPutAside(Pack pack)
    {
        lock (_gate)
        {
            if (pack.Rows[0].Past.EndedOn.Count == 0 || _gathered.Count + _aside.Sum(p => p.Rows.Count) + pack.Rows.Count >= mostHeld) return false;
            if (_usedUp && _again.Count == 0 && Elsewhere == 1) return false;
            // What is on its way up the ladder stays together, or it would begin anew.
            if (pack.Poor > 0 || pack.Suspect || pack.Outages > 0) _aside.Add(pack);
            else foreach (var row in pack.Rows) _gathered.Add(row);
            return true;
        }
    }

    /// <summary>Packs that are out or rest: what comes of them is not known yet.</summary>
    private int Elsewhere => _out + _resting.Count;

    /// <summary>The next pack, or null when there will be none. Each pack taken must be returned by <see cref="Done"/>.</summary>
    public async ValueTask<Pack?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task? changed = null;
            var rest = Timeout.InfiniteTimeSpan;
            lock (_gate)
            {
                while (_resting.TakeRested() is { } rested) _again.Enqueue(rested);
                if (_again.TryPeek(out var pack) && !LetsOthersGoFirst(pack))
                {
                    _again.Dequeue();
                    _out++;
                    return pack;
                }

                // At the very end rows go even where no model is open: whether they wait or stay pending is decided at the door.
                var next = TakeAside(isOpen) ?? _gathered.TakeFull() ?? (!_usedUp ? null : _gathered.TakeOpen() ?? (Elsewhere == 0 ? TakeAside(_ => true) ?? _gathered.TakeAny() : null));
                if (next is not null)
                {
                    _out++;
                    return next;
                }

                if (_usedUp && Elsewhere == 0) return null;
                if (_usedUp || _resting.Count >= MostResting) (changed, rest) = (_changed.Task, _resting.UntilNext);
            }

            if (changed is not null)
            {
                await AwaitAsync(changed, rest, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (await TakeNewAsync(cancellationToken).ConfigureAwait(false) is { } filled) return filled;
        }
    }

    /// <summary>A pack taken is done with; some of its rows may have to be asked again.</summary>
    public void Done(StillToAsk rest)
    {
        lock (_gate)
        {
            foreach (var pack in rest.Packs) AskAgain(pack);
            foreach (var row in rest.Rows) _gathered.Add(row);
            _out--;
            Pulse();
        }
    }

    /// <summary>The rest of a pack that is out, to be given out again.</summary>
    public void PutBack(Pack rest)
    {
        lock (_gate)
        {
            _again.Enqueue(rest);
            Pulse();
        }
    }

    public void Dispose() => _filling.Dispose();

    private void AskAgain(Pack pack)
    {
        if (pack.Rest > TimeSpan.Zero) _resting.Add(pack);
        else _again.Enqueue(pack);
    }

    /// <summary>Waits until something has changed, at most for a time.</summary>
    private async ValueTask AwaitAsync(Task changed, TimeSpan most, CancellationToken cancellationToken)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(changed, Task.Delay(most, clock, woken.Token)).ConfigureAwait(false);
        await woken.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async ValueTask<Pack?> TakeNewAsync(CancellationToken cancellationToken)
    {
        await _filling.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_usedUp) return null;
            var filled = await FillAsync().ConfigureAwait(false);
            lock (_gate)
            {
                if (filled is not null)
                {
                    _out++;
                    return filled;
                }

                _usedUp = true;
                Pulse();
                return null;
            }
        }
        finally
        {
            _filling.Release();
        }
    }

    private async ValueTask<Pack?> FillAsync()
    {
        if (await intake.PeekAsync().ConfigureAwait(false) is not { } first) return null;
        intake.Take();
        var sizer = sizerFor(first);
        var rows = new List<Ask>(Math.Min(sizer.Rows, 64)) { first };
        var tokens = first.Tokens;
        while (await intake.PeekAsync().ConfigureAwait(false) is { } next
            && sizerFor(next) == sizer
            && sizer.Fills(rows.Count + 1, tokens + next.Tokens))
        {
            rows.Add(intake.Take());
            tokens += next.Tokens;
        }

        return new Pack(rows);
    }

    private Pack? TakeAside(Func<Ask, bool> which)
    {
        var at = _aside.FindIndex(p => which(p.Rows[0]));
        if (at < 0) return null;
        var pack = _aside[at];
        _aside.RemoveAt(at);
        return pack;
    }

    /// <summary>
    /// After an outage a pack lets one new pack go first: when it is the cause itself, the others tell. A bounded number of packs
    /// waits so.
    /// </summary>
    private bool LetsOthersGoFirst(Pack pack)
    {
        if (!_usedUp && _again.Count < MostYieldingUnproven && isUnproven()) return true;
        if (!pack.Yields || _usedUp) return false;
        pack.Yields = false;
        return _again.Count < MostYielding;
    }

    private void Pulse()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
