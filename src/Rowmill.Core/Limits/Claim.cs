namespace Rowmill.Core.Limits;

/// <summary>A reservation, or the place of a request that waits for one.</summary>
/// <param name="Number">Its number; zero until the store gives it one. Numbers rise, so they are the order of arrival.</param>
/// <param name="Waits">True for a place.</param>
/// <param name="Charge">What it takes.</param>
/// <param name="At">When it was made.</param>
/// <param name="Expires">A place: when it is lost. A reservation: when it returns if its holder cannot be seen from here.</param>
/// <param name="Holder">The process.</param>
public sealed record Claim(long Number, bool Waits, Charge Charge, DateTimeOffset At, DateTimeOffset Expires, LeaseOwner Holder)
{
    /// <summary>What the request will probably have taken in the end: what stays charged when its process dies.</summary>
    public Charge Expected { get; init; }

    /// <summary>Which reservation of its owner this is, from 1; zero for a place. Requests leave in this order.</summary>
    public long Order { get; init; }

    /// <summary>What had been charged to the owner before any request that may arrive after this one; see <see cref="Tally.Earlier"/>.</summary>
    public Charge Before { get; init; }

    /// <summary>What had been given back to the owner when it was made.</summary>
    public Charge GivenBack { get; init; }
}

/// <summary>A hold as it is kept.</summary>
/// <param name="Until">Until when nobody goes.</param>
/// <param name="Reason">Why.</param>
/// <param name="Order">The last reservation made before it: what comes of those up to it says nothing of the hold.</param>
/// <param name="ProbeUntil">Until when the others wait for what comes of the one let through; null when none is.</param>
/// <param name="Probe">The reservation of the one let through.</param>
public sealed record KeptHold(DateTimeOffset Until, string Reason, long Order, DateTimeOffset? ProbeUntil, long Probe);

/// <summary>What came of a request.</summary>
/// <param name="Wait">How long until it fits; see <see cref="WindowGrant.Wait"/>.</param>
/// <param name="Window">The window that binds.</param>
/// <param name="Claim">What is to be kept: a reservation, a place, or nothing. Its number is zero when it is new.</param>
/// <param name="Hold">The hold that binds.</param>
public sealed record WindowVerdict(TimeSpan Wait, string? Window, Claim? Claim, WindowHold? Hold)
{
    /// <summary>What the caller is told, once the claim has its number.</summary>
    public WindowGrant Grant(long number) => Claim switch
    {
        null => new(null, Wait, Window) { Hold = Hold },
        { Waits: true } => new(null, Wait, Window) { Place = number, Hold = Hold },
        _ => new(number, Wait, null),
    };
}
