using System.Globalization;
using System.Net.Http.Headers;

namespace Rowmill.Providers.Http;

/// <summary>How long a service says to wait, from its words and its headers.</summary>
internal static class RetryAfter
{
    private static readonly string[] s_phrases = ["try again in ", "try again after ", "retry in ", "retry after "];

    // The three date forms of RFC 9110, 5.6.7.
    private static readonly string[] s_dates = ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <summary>
    /// The exact times (the words, <c>retry-after-ms</c>) count before <c>retry-after</c>, which is the same time rounded up to a whole
    /// second; where they differ by more than that rounding, the longer one counts, so that no given time is undercut.
    /// </summary>
    /// <returns>Zero or more; null when nothing usable is said.</returns>
    public static TimeSpan? Read(HttpResponseHeaders headers, string? words, TimeProvider clock)
    {
        var exact = Longer(FromWords(words), FromMilliseconds(Header(headers, "retry-after-ms")));
        var rounded = FromHeader(Header(headers, "retry-after"), clock);
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

    internal static TimeSpan? FromHeader(string? value, TimeProvider clock)
    {
        if (value is null) return null;
        if (Number(value) is { } seconds) return GoDuration.Seconds(seconds);
        if (DateTimeOffset.TryParseExact(
            value, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out var date))
        {
            return GoDuration.Seconds((date - clock.GetUtcNow()).TotalSeconds);
        }

        return GoDuration.Parse(value);
    }

    private static TimeSpan? FromMilliseconds(string? value) => Number(value) is { } ms ? GoDuration.Seconds(ms / 1000) : null;

    private static double? Number(string? value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    private static TimeSpan? Longer(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault()?.Trim() : null;
}
