using System.Net.Http.Headers;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Limits;

/// <summary>
/// Reads <c>anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}</c>, all of a minute
/// (docs.anthropic.com/en/api/rate-limits). It never throws.
/// </summary>
internal static class AnthropicHeaders
{
    private const string Prefix = "anthropic-ratelimit-";

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    /// <summary>What the headers say of the service's windows.</summary>
    /// <param name="headers">Headers of a reply or of a refusal.</param>
    /// <param name="refused">True for a refusal by a limit; only there a limit of 0 can be true.</param>
    /// <param name="clock">What resets are counted from where the reply carries no date.</param>
    public static IReadOnlyList<LimitReading> Read(HttpResponseHeaders headers, bool refused, TimeProvider clock)
    {
        HeaderGroup requests = default, tokens = default, input = default, output = default;
        DateTimeOffset? now = null;
        foreach (var header in headers.NonValidated)
        {
            var name = header.Key.AsSpan();
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            // The reset is a moment by the service's clock, and so is the date beside it.
            now ??= headers.Date ?? clock.GetUtcNow();
            name = name[Prefix.Length..];
            var part = name.LastIndexOf('-');
            if (part < 0) continue;
            var unit = name[..part];
            if (Is(unit, "requests")) Take(ref requests, name[(part + 1)..], header.Value, now.Value);
            else if (Is(unit, "tokens")) Take(ref tokens, name[(part + 1)..], header.Value, now.Value);
            else if (Is(unit, "input-tokens")) Take(ref input, name[(part + 1)..], header.Value, now.Value);
            else if (Is(unit, "output-tokens")) Take(ref output, name[(part + 1)..], header.Value, now.Value);
        }

        if (now is null) return [];
        var readings = new List<LimitReading>(4);
        Add(readings, LimitNames.RequestsPerMinute, requests, refused);
        Add(readings, LimitNames.InputTokensPerMinute, input, refused);
        Add(readings, LimitNames.OutputTokensPerMinute, output, refused);
        if (IsOfItsOwn(tokens, input, output)) Add(readings, LimitNames.TokensPerMinute, tokens, refused);
        return readings;
    }

    /// <summary>
    /// "The values for the most restrictive limit currently in effect": a copy of the others or their sum, unless a workspace has a limit
    /// of its own. A copy of the smaller one, taken for a window of all tokens, would hold the larger one back.
    /// </summary>
    private static bool IsOfItsOwn(in HeaderGroup tokens, in HeaderGroup input, in HeaderGroup output) =>
        tokens.Limit is { } limit && limit != input.Limit && limit != output.Limit && limit != input.Limit + output.Limit;

    private static void Take(ref HeaderGroup group, ReadOnlySpan<char> part, in HeaderStringValues value, DateTimeOffset now)
    {
        if (Is(part, "limit")) group.TakeLimit(value);
        else if (Is(part, "remaining")) group.TakeRemaining(value);
        else if (Is(part, "reset")) group.TakeResetAt(value, now);
    }

    private static void Add(List<LimitReading> readings, string window, in HeaderGroup group, bool refused)
    {
        if (!group.Speaks || group.Limit is 0 && !refused) return;
        readings.Add(new LimitReading(window)
        {
            Limit = group.Limit,
            Remaining = group is { Remaining: { } left, Limit: { } limit } ? Math.Min(left, limit) : group.Remaining,
            // A bucket overdrawn by more than its own size is no bucket.
            FullIn = group.Reset <= 2 * s_minute ? group.Reset : null,
        });
    }

    private static bool Is(ReadOnlySpan<char> text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);
}
