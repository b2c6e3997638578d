using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

/// <summary>Routes for forecasts and bounds, on a clock of their own.</summary>
internal static class ForecastWorld
{
    public static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public static readonly WindowOwner Groq = new("groq", "https://api.groq.com/openai/v1", "me", "m");

    public static readonly WindowOwner Google = new("gemini", "https://generativelanguage.googleapis.com", "me", "m");

    public static readonly ForecastRules InOrder = new(Spread: false, TimeSpan.FromMinutes(2));

    public static readonly ForecastRules SideBySide = new(Spread: true, TimeSpan.FromMinutes(2));

    /// <summary>A route whose requests take so many tokens.</summary>
    /// <param name="limits">Its limits; concurrency 8 unless they say.</param>
    /// <param name="reserved">Tokens when a request is let in.</param>
    /// <param name="settled">Tokens in the end; null for the same.</param>
    /// <param name="rows">Rows in a request.</param>
    /// <param name="latency">Seconds.</param>
    /// <param name="owner">Whose days they are; Groq's refill.</param>
    public static ForecastRoute Route(
        RouteLimits limits, long reserved = 1000, long? settled = null, double rows = 1, double latency = 2, WindowOwner? owner = null) => new()
        {
            Name = "r",
            Windows = new(Now, [.. WindowSpec.Of(limits, owner ?? Groq).Select(s => new UsedWindow(s, new(0, Now)))], null),
            Reserved = new(1, reserved, reserved, reserved),
            Settled = new(1, settled ?? reserved, settled ?? reserved, settled ?? reserved),
            RowsPerCall = rows,
            Concurrency = limits.Concurrency ?? 8,
            Latency = TimeSpan.FromSeconds(latency),
        };

    /// <summary>The favourable end of a route: a request takes what it settles at, no reply is waited for.</summary>
    public static BoundRoute Bound(ForecastRoute route) => new()
    {
        Windows = route.Windows,
        Least = new(1, Math.Min(route.Settled.Tokens, route.Reserved.Tokens), Math.Min(route.Settled.InputTokens, route.Reserved.InputTokens), Math.Min(route.Settled.OutputTokens, route.Reserved.OutputTokens)),
        RowsPerCall = route.RowsPerCall,
        Latency = route.Latency,
    };

    public static double Seconds(ForecastResult? result) => (result!.FinishAt - Now).TotalSeconds;

    public static double Seconds(IReadOnlyList<ForecastRoute> routes, double rows) =>
        (LowerBound.Of([.. routes.Select(Bound)], rows, Now)!.Value - Now).TotalSeconds;
}
