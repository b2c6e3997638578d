namespace Rowmill.Core.Models;

/// <summary>
/// What a route's windows admit in the long run, and at once: what the size of a pack follows from. Infinite, and
/// <see cref="long.MaxValue"/>, where no window is known.
/// </summary>
public sealed record RouteRates
{
    /// <summary>No window known.</summary>
    public static RouteRates Unlimited { get; } = new();

    /// <summary>Requests per second: the least of limit ÷ span over the windows of requests.</summary>
    public double RequestsPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>Tokens per second, prompt and reply together.</summary>
    public double TokensPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>Prompt tokens per second.</summary>
    public double InputTokensPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>Reply tokens per second.</summary>
    public double OutputTokensPerSecond { get; init; } = double.PositiveInfinity;

    /// <summary>Whether any window says how fast requests or tokens may go.</summary>
    public bool IsBound => double.IsFinite(RequestsPerSecond) || double.IsFinite(TokensPerSecond) || double.IsFinite(InputTokensPerSecond) || double.IsFinite(OutputTokensPerSecond);

    /// <summary>The most tokens one request may reserve, prompt and reply together: the smallest window of them.</summary>
    public long LargestTokens { get; init; } = long.MaxValue;

    /// <summary>The most prompt tokens one request may reserve.</summary>
    public long LargestInput { get; init; } = long.MaxValue;

    /// <summary>The most reply tokens one request may reserve.</summary>
    public long LargestOutput { get; init; } = long.MaxValue;

    /// <summary>The name of the window behind the smallest of the three.</summary>
    public string? LargestWindow { get; init; }
}
