using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>
/// Rows that are to be asked again, gathered until they fill a pack: those that replies left out, and those that have ended on the same
/// models. A row of its own would cost a call each; a pack of twenty costs one. Not safe for concurrent use.
/// </summary>
/// <param name="sizerFor">The sizer of the route that a row would go now.</param>
/// <param name="isOpen">Whether a route that a row has not ended on can be asked now.</param>
/// <param name="mostHeld">See <see cref="MostHeld"/>.</param>
internal sealed class Gathering(Func<Ask, PackSizer> sizerFor, Func<Ask, bool> isOpen, int mostHeld)
{
    /// <summary>
    /// No more rows are held than this, whatever the size of packs: then some go, even if no model is open to them. Memory does not grow with the
    /// rows that wait for a parked model.
    /// </summary>
    public const int MostHeld = 20_000;

    private readonly List<Kind> _kinds = [];

    /// <summary>Rows held.</summary>
    public int Count { get; private set; }

    /// <summary>Holds a row.</summary>
    public void Add(Ask row)
    {
        var kind = _kinds.Find(k => k.EndedOn.SetEquals(row.Past.EndedOn));
        if (kind is null) _kinds.Add(kind = new Kind([.. row.Past.EndedOn], []));
        kind.Rows.Enqueue(row);
        Count++;
    }

    /// <summary>A pack that is full, for a model that is open; when too much is held, any.</summary>
    public Pack? TakeFull()
    {
        if (Count >= mostHeld) return TakeOpen() ?? TakeAny();
        return Take(k => k.Rows.Count >= sizerFor(k.Rows.Peek()).Rows && isOpen(k.Rows.Peek()));
    }

    /// <summary>A pack, full or not, for a model that is open.</summary>
    public Pack? TakeOpen() => Take(k => isOpen(k.Rows.Peek()));

    /// <summary>Any pack.</summary>
    public Pack? TakeAny() => Take(_ => true);

    private Pack? Take(Predicate<Kind> which)
    {
        if (_kinds.Find(k => k.Rows.Count > 0 && which(k)) is not { } kind) return null;
        var rows = new List<Ask> { kind.Rows.Dequeue() };
        var (sizer, tokens) = (sizerFor(rows[0]), rows[0].Tokens);
        while (kind.Rows.TryPeek(out var next) && rows.Count < sizer.Rows && sizerFor(next) == sizer && sizer.Takes(rows.Count + 1, tokens + next.Tokens))
        {
            rows.Add(kind.Rows.Dequeue());
            tokens += next.Tokens;
        }

        Count -= rows.Count;
        return new Pack(rows);
    }

    private sealed record Kind(HashSet<string> EndedOn, Queue<Ask> Rows);
}
