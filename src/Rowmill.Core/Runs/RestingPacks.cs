using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>Packs that rest before they are asked again. Rests are counted by the clock's timestamps, which nobody sets back. Not safe for concurrent use.</summary>
internal sealed class RestingPacks(TimeProvider clock)
{
    private readonly PriorityQueue<Pack, long> _packs = new();

    /// <summary>How many rest.</summary>
    public int Count => _packs.Count;

    /// <summary>How long until one has rested; infinite when none rests.</summary>
    public TimeSpan UntilNext
    {
        get
        {
            if (!_packs.TryPeek(out _, out var wakes)) return Timeout.InfiniteTimeSpan;
            var rest = clock.GetElapsedTime(clock.GetTimestamp(), wakes);

            // A delay drops fractions of a millisecond: rounded down, the end of every rest would be spent asking again at once.
            return TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(rest.TotalMilliseconds)));
        }
    }

    /// <summary>Lets a pack rest once for as long as it is to.</summary>
    public void Add(Pack pack)
    {
        _packs.Enqueue(pack, clock.GetTimestamp() + (long)(pack.Rest.TotalSeconds * clock.TimestampFrequency));
        pack.Rest = TimeSpan.Zero;
    }

    /// <summary>A pack that has rested; null when none has.</summary>
    public Pack? TakeRested() =>
        _packs.TryPeek(out _, out var wakes) && wakes <= clock.GetTimestamp() ? _packs.Dequeue() : null;
}
