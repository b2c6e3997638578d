using Rowmill.Core.Packing;

namespace Rowmill.Tests.Packing;

/// <summary>
/// Why an automatic pack takes at most half of a window: a job of ten windows' tokens through one bucket that refills in a minute, with
/// packs of different sizes, each reserving more than it uses and giving the rest back with its reply, which takes time to write.
/// </summary>
public sealed class FlowingShareTests
{
    private const double Capacity = 8000;
    private const double PerSecond = Capacity / 60;
    private const double Work = 10 * Capacity;

    /// <summary>A pack reserves this many times what it uses, as before anything is measured…</summary>
    private const double Reserved = 2;

    /// <summary>…and half of what it uses is written at this many tokens a second, after a second.</summary>
    private const double Speed = 50;

    [Theory]
    [InlineData(0.1, 0.97)]
    [InlineData(0.25, 0.95)]
    [InlineData(PackSizer.FlowingShare, 0.92)]
    public void Packs_up_to_half_the_window_keep_it_flowing(double share, double atLeast) => Assert.InRange(Efficiency(share), atLeast, 1);

    [Fact]
    public void Packs_of_nearly_the_whole_window_let_it_stand_full() =>
        Assert.True(Efficiency(0.95) < Efficiency(PackSizer.FlowingShare) - 0.1, $"{Efficiency(0.95)} and {Efficiency(PackSizer.FlowingShare)}");

    /// <summary>The bound (the work, less the full bucket at the beginning, at the refill's pace) over the time it takes.</summary>
    private static double Efficiency(double share)
    {
        var random = new Random(9);
        var (now, level, left) = (0.0, Capacity, Work);
        var replies = new PriorityQueue<double, double>();
        var last = 0.0;
        while (left > 0)
        {
            var used = Math.Min(left, share * Capacity / Reserved * (0.7 + 0.3 * random.NextDouble()));
            while (level < used * Reserved)
            {
                var full = now + (used * Reserved - level) / PerSecond;
                if (replies.TryPeek(out var back, out var at) && at < full)
                {
                    replies.Dequeue();
                    Pass(at);
                    level = Math.Min(Capacity, level + back);
                }
                else
                {
                    Pass(full);
                    level = Math.Max(level, used * Reserved);
                }
            }

            level -= used * Reserved;
            left -= used;
            last = Math.Max(last, now + 1 + used / 2 / Speed);
            replies.Enqueue(used * (Reserved - 1), now + 1 + used / 2 / Speed);
        }

        return (Work - Capacity) / PerSecond / last;

        void Pass(double until)
        {
            level = Math.Min(Capacity, level + PerSecond * (until - now));
            now = until;
        }
    }
}
