using System.Net.Http.Headers;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Limits;

/// <summary>
/// Reads <c>x-ratelimit-{limit,remaining,reset}-{requests,tokens,project-tokens}</c>. It never throws, and costs nothing but one look
/// at each header's name where a service sends none of them.
/// </summary>
internal static class LimitHeaders
{
    private const string Prefix = "x-ratelimit-";

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    /// <summary>What the headers say of the service's windows.</summary>
    /// <param name="headers">Headers of a reply or of a refusal.</param>
    /// <param name="meaning">What this service means by them.</param>
    /// <param name="refused">True for a refusal by a limit; only there a limit of 0 can be true.</param>
    /// <returns>At most one reading per window; empty when they say nothing.</returns>
    public static IReadOnlyList<LimitReading> Read(HttpResponseHeaders headers, HeaderMeaning meaning, bool refused)
    {
        HeaderGroup requests = default, tokens = default, project = default;
        foreach (var header in headers.NonValidated)
        {
            var name = header.Key.AsSpan();
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            name = name[Prefix.Length..];
            var part = name.IndexOf('-');
            if (part < 0) continue;
            var unit = name[(part + 1)..];
            if (Is(unit, "requests")) Take(ref requests, name[..part], header.Value);
            else if (Is(unit, "tokens")) Take(ref tokens, name[..part], header.Value);
            else if (Is(unit, "project-tokens")) Take(ref project, name[..part], header.Value);
        }

        var first = requests.Speaks ? Reading(requests, isRequests: true, meaning, refused) : null;
        var second = tokens.Speaks ? Reading(tokens, isRequests: false, meaning, refused) : null;
        LimitReading? third = null;
        if (project.Speaks)
        {
            third = Reading(project, isRequests: false, meaning, refused);
            if (second is null) (second, third) = (third, null);
            else if (third?.Window == second.Window)
            {
                (second, third) = (Reading(HeaderGroup.Stricter(tokens, project), isRequests: false, meaning, refused), null);
            }
        }

        return (first, second, third) switch
        {
            (null, null, null) => [],
            (not null, not null, null) => [first, second],
            (not null, null, null) => [first],
            (null, not null, null) => [second],
            _ => new[] { first, second, third }.OfType<LimitReading>().ToArray(),
        };
    }

    private static void Take(ref HeaderGroup group, ReadOnlySpan<char> part, in HeaderStringValues value)
    {
        if (Is(part, "limit")) group.TakeLimit(value);
        else if (Is(part, "remaining")) group.TakeRemaining(value);
        else if (Is(part, "reset")) group.TakeReset(value);
    }

    private static LimitReading? Reading(in HeaderGroup group, bool isRequests, HeaderMeaning meaning, bool refused)
    {
        if (group.Limit is 0 && !refused) return null; // it has just let a request in
        var (minute, day) = isRequests
            ? (LimitNames.RequestsPerMinute, LimitNames.RequestsPerDay)
            : (LimitNames.TokensPerMinute, LimitNames.TokensPerDay);
        var span = meaning is HeaderMeaning.DailyRequestsMinuteTokens ? (isRequests ? s_day : s_minute) : HeaderSpan.Of(group, meaning);
        return span is null ? null : new LimitReading(span == s_day ? day : minute)
        {
            Limit = group.Limit,
            Remaining = group is { Remaining: { } left, Limit: { } limit } ? Math.Min(left, limit) : group.Remaining,
            FullIn = HeaderSpan.TimeToFull(group, span.Value, meaning),
        };
    }

    private static bool Is(ReadOnlySpan<char> text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);
}
