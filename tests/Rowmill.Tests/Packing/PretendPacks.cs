namespace Rowmill.Tests.Packing;

/// <summary>A pretend model: what comes of a pack.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Reply">Marks the rows (by their numbers) that get a valid answer; true when the reply is cut short.</param>
internal sealed record PretendModel(string Name, PretendReply Reply);

/// <summary>What a model replies to a pack.</summary>
internal delegate bool PretendReply(ReadOnlySpan<int> pack, Span<bool> good, Random chance);

/// <summary>
/// Packs of a table as a run asks them: the rest is asked again together; what brings nothing is asked once more and then in halves,
/// those at once in halves again; a row alone is asked at most five times.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="seed">Of chance.</param>
internal sealed class PretendPacks(PretendModel model, int seed)
{
    private const int TriesAlone = 5;

    private readonly Random _chance = new(seed);
    private int _next;

    /// <summary>Calls so far.</summary>
    public long Calls { get; private set; }

    /// <summary>Rows in them.</summary>
    public long Asked { get; private set; }

    /// <summary>Rows that have ended.</summary>
    public long Ended { get; private set; }

    /// <summary>Told of each pack whose rows are asked for the second time: its rows, and the valid answers.</summary>
    public Action<int, int>? Repeated { get; set; }

    /// <summary>Asks the next rows, and again until each has ended.</summary>
    /// <returns>The valid answers of the first reply, and whether it was cut short.</returns>
    public (int Good, bool Cut) Ask(int rows)
    {
        Span<int> pack = stackalloc int[rows];
        for (var i = 0; i < rows; i++) pack[i] = _next++;
        Ended += rows;
        return Call(pack, 0, 1);
    }

    private (int Good, bool Cut) Call(Span<int> pack, int fruitless, int asked)
    {
        Calls++;
        Asked += pack.Length;
        Span<bool> good = stackalloc bool[pack.Length];
        good.Clear();
        var cut = model.Reply(pack, good, _chance);
        var lost = 0;
        for (var i = 0; i < pack.Length; i++)
        {
            // What is lost moves to the front, in order.
            if (good[i]) continue;
            (pack[lost], pack[i]) = (pack[i], pack[lost]);
            lost++;
        }

        if (asked == 2) Repeated?.Invoke(pack.Length, pack.Length - lost);
        if (lost > 0) Climb(pack[..lost], pack.Length, cut, fruitless, asked + 1);
        return (pack.Length - lost, cut);
    }

    private void Climb(Span<int> rest, int of, bool cut, int fruitless, int asked)
    {
        if (rest.Length < of)
        {
            Call(rest, rest.Length == 1 ? 1 : 0, asked);
        }
        else if (of == 1)
        {
            if (fruitless + 1 < TriesAlone) Call(rest, fruitless + 1, asked);
        }
        else if (fruitless == 0 && !cut)
        {
            Call(rest, 1, asked);
        }
        else
        {
            var half = (of + 1) / 2;
            Call(rest[..half], half == 1 ? 0 : 1, asked);
            Call(rest[half..], of - half == 1 ? 0 : 1, asked);
        }
    }
}

/// <summary>The pretend models.</summary>
internal static class PretendModels
{
    public static PretendModel Perfect { get; } = new("perfect", (_, good, _) => All(good));

    public static PretendModel Malformed { get; } = new("4 % of replies malformed", (_, good, chance) => chance.NextDouble() >= 0.04 && All(good));

    public static PretendModel Invalid { get; } = new("3 % of rows invalid", (_, good, chance) => Each(good, chance, 0.97));

    public static PretendModel Poison { get; } = new("1 poison row in 500", (pack, good, _) => !IsPoisoned(pack) && All(good));

    /// <summary>The mix of faults that the run is measured under, without lost connections, which say nothing of the size.</summary>
    public static PretendModel Mix { get; } = new("the fault mix", (pack, good, chance) =>
    {
        var dice = chance.NextDouble();
        if (IsPoisoned(pack) || dice < 0.04) return false;
        if (dice < 0.06) return Each(good, chance, 0.8);
        if (dice < 0.07) return All(good[1..]);
        if (dice >= 0.09) return All(good);
        All(good[..(good.Length / 2)]);
        return true;
    });

    /// <summary>Each row beyond the knee adds 2 % to the chance that a row is missing.</summary>
    public static PretendModel Misses(int knee) => new($"misses rows beyond {knee}", (_, good, chance) =>
        Each(good, chance, 1 - Math.Clamp(0.02 * (good.Length - knee), 0, 0.9)));

    /// <summary>The output limit cuts larger packs short, and nothing of them can be read.</summary>
    public static PretendModel Cut(int most) => new($"cut short beyond {most}", (_, good, _) => good.Length > most || All(good));

    /// <summary>The same, and what was whole is kept.</summary>
    public static PretendModel CutLate(int most) => new($"cut short after {most}", (_, good, _) =>
    {
        All(good[..Math.Min(most, good.Length)]);
        return good.Length > most;
    });

    /// <summary>One model for the first rows, another after them.</summary>
    public static PretendModel Changes(int rows, PretendModel before, PretendModel after) =>
        new($"{before.Name}, then {after.Name}", (pack, good, chance) => (pack[0] < rows ? before : after).Reply(pack, good, chance));

    private static bool IsPoisoned(ReadOnlySpan<int> pack)
    {
        foreach (var row in pack)
        {
            if (row % 500 == 250) return true;
        }

        return false;
    }

    private static bool All(Span<bool> good)
    {
        good.Fill(true);
        return false;
    }

    private static bool Each(Span<bool> good, Random chance, double part)
    {
        for (var i = 0; i < good.Length; i++) good[i] = chance.NextDouble() < part;
        return false;
    }
}
