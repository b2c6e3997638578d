using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>
/// Gives out packs: first those whose rows must be asked again, then new ones filled from the intake up to the job's bound and the
/// token budget. Ends when the source is used up and no pack is out. Safe for concurrent use.
/// </summary>
/// <param name="intake">Where new rows come from.</param>
/// <param name="sizerFor">The sizer of the route that a row would go now.</param>
internal sealed class PackQueue(Intake intake, Func<Ask, PackSizer> sizerFor) : IDisposable
{
    private const int MostYielding = 32;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _filling = new(1, 1);
    private readonly Queue<Pack> _again = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _usedUp;
    private int _out;

    /// <summary>The next pack, or null when there will be none. Each pack taken must be returned by <see cref="Done"/>.</summary>
    public async ValueTask<Pack?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task? changed = null;
            lock (_gate)
            {
                if (_again.TryPeek(out var pack) && !LetsOthersGoFirst(pack))
                {
                    _again.Dequeue();
                    _out++;
                    return pack;
                }

                if (_usedUp)
                {
                    if (_out == 0) return null;
                    changed = _changed.Task;
                }
            }

            if (changed is not null)
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (await TakeNewAsync(cancellationToken).ConfigureAwait(false) is { } filled) return filled;
        }
    }

    /// <summary>A pack taken is done with; some of its rows may have to be asked again.</summary>
    public void Done(IReadOnlyList<Pack> again)
    {
        lock (_gate)
        {
            foreach (var pack in again) _again.Enqueue(pack);
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

    /// <summary>
    /// After an outage a pack lets one new pack go first: when it is the cause itself, the others tell. A bounded number of packs
    /// waits so.
    /// </summary>
    private bool LetsOthersGoFirst(Pack pack)
    {
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
