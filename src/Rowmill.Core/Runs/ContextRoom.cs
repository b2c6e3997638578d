using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>
/// How much context a route's machine has memory for, where every request sets its own aside. It begins with the route's and only shrinks:
/// to the half of what did not fit, but not below what has been seen to fit. Safe for concurrent use.
/// </summary>
/// <param name="budget">Follows: packs that need more are not sent.</param>
internal sealed class ContextRoom(PackBudget budget)
{
    /// <summary>With less than this a model's weights themselves do not fit; half of it holds hardly an instruction and a row.</summary>
    public const int Least = 2048;

    private readonly Lock _gate = new();
    private int _held;

    /// <summary>A request with so much context brought a reply.</summary>
    public void Held(int context)
    {
        if (context <= Volatile.Read(ref _held)) return;
        lock (_gate) _held = Math.Max(_held, context);
    }

    /// <summary>True when a request with so much context has brought a reply: that there is no memory for it now is somebody else's doing.</summary>
    public bool HasHeld(int context) => context > 0 && context <= Volatile.Read(ref _held);

    /// <summary>There was no memory for so much context.</summary>
    /// <param name="tried">What the request had set aside; 0 when it is not known.</param>
    /// <returns>False when there is no smaller one worth trying.</returns>
    public bool Lower(int tried)
    {
        lock (_gate)
        {
            var most = budget.ContextTokens;
            if (tried > most) return true; // another request has shown it already
            if (tried == 0) tried = most;
            var next = Math.Max(tried / 2, _held);
            if (next < Least || next >= tried) return false;
            budget.ContextTokens = next;
            return true;
        }
    }
}
