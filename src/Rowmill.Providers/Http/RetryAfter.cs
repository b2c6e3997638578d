using System.Globalization;
using System.Net.Http.Headers;

namespace Rowmill.Providers.Http;

/// <summary>How long a service says to wait, from its words and its headers.</summary>
internal static class RetryAfter
{
    private static readonly string[] s_phrases = ["try again in ", "try again after ", "retry in ", "retry after "];

    // The three date forms of RFC 9110, 5.6.7, and RFC 3339, which gateways write.
    private static readonly string[] s_dates =
    [
        "r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy",
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>
    /// The exact times (the words, <c>retry-after-ms</c>) count before <c>retry-after</c>, which is the same time rounded up to a whole
    /// second; where they differ by more than that rounding, the longer one counts, so that no given time is undercut.
    /// </summary>
    /// <param name="headers">The refusal's headers.</param>
    /// <param name="words">Its words.</param>
    /// <param name="inBody">A wait told in its body beside the words.</param>
    /// <param name="clock">What dates are counted from.</param>
    /// <returns>Zero or more; null when nothing usable is said.</returns>
    public static TimeSpan? Read(HttpResponseHeaders headers, string? words, TimeSpan? inBody, TimeProvider clock)
    {
        var exact = Longer(Longer(FromWords(words), inBody), Longest(headers, "retry-after-ms", FromMilliseconds));
        var rounded = Longest(headers, "retry-after", value => FromHeader(value, clock));
        return exact is null || rounded > exact + TimeSpan.FromSeconds(1) ? rounded : exact;
    }

    internal static TimeSpan? FromWords(string? words)
    {
        TimeSpan? longest = null;
        foreach (var phrase in s_phrases)
        {
            var at = words?.IndexOf(phrase, StringComparison.OrdinalIgnoreCase) ?? -1;
            if (at >= 0) longest = Longer(longest, GoDuration.ParseStart(words.AsSpan(at + phrase.Length), out _));
        }

        return longest;
    }

    internal static TimeSpan? FromHeader(string value, TimeProvider clock)
    {
        if (Number(value) is { } seconds) return GoDuration.Seconds(seconds);
        if (DateTimeOffset.TryParseExact(
            value, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out var date))
        {
            return GoDuration.Seconds((date - clock.GetUtcNow()).TotalSeconds);
        }

        return GoDuration.Parse(value);
    }

    private static TimeSpan? FromMilliseconds(string value) => Number(value) is { } ms ? GoDuration.Seconds(ms / 1000) : null;

    private static double? Number(string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    private static TimeSpan? Longer(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;

    // As it was sent: what is no date and no number is still to be looked at.
    private static TimeSpan? Longest(HttpResponseHeaders headers, string name, Func<string, TimeSpan?> read)
    {
        TimeSpan? longest = null;
        if (headers.NonValidated.TryGetValues(name, out var values))
            foreach (var value in values) longest = Longer(longest, read(value.Trim()));
        return longest;
    }
}
