namespace Rowmill.Providers.Http;

/// <summary>Durations as Go prints them (<c>time.Duration.String()</c>: 84ms, 6m0s, 2m59.56s, 1h2m3s), as OpenAI and Groq write them.</summary>
internal static class GoDuration
{
    /// <summary>Nothing waits longer; a larger number could not be added to a date.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>Reads a whole text; a bare number is seconds, and spaces may stand between the parts.</summary>
    public static TimeSpan? Parse(ReadOnlySpan<char> text)
    {
        var value = ParseStart(text, out var length);
        return text[length..].IsWhiteSpace() ? value : null;
    }

    /// <summary>Reads the duration a text begins with; null when it begins with none.</summary>
    public static TimeSpan? ParseStart(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        var seconds = 0.0;
        var parts = 0;
        while (true)
        {
            var at = SkipSpaces(text, length);
            var number = NumberLength(text[at..]);
            if (number == 0) break;
            var amount = double.Parse(text.Slice(at, number), System.Globalization.CultureInfo.InvariantCulture);
            at += number;
            var unitStart = SkipSpaces(text, at);
            var unitLength = 0;
            while (unitStart + unitLength < text.Length && char.IsLetter(text[unitStart + unitLength])) unitLength++;
            if (unitLength == 0)
            {
                if (parts > 0) break;
                length = at;
                return Seconds(amount);
            }

            if (UnitSeconds(text.Slice(unitStart, unitLength)) is not { } unit) break;
            seconds += amount * unit;
            parts++;
            length = unitStart + unitLength;
        }

        return parts == 0 ? null : Seconds(seconds);
    }

    /// <summary>Seconds as a span that is neither negative nor longer than <see cref="Longest"/>, rounded up to whole ticks.</summary>
    public static TimeSpan Seconds(double seconds) =>
        seconds <= 0 ? TimeSpan.Zero
        : seconds >= Longest.TotalSeconds ? Longest
        : TimeSpan.FromTicks((long)Math.Ceiling(Math.Round(seconds * TimeSpan.TicksPerSecond, 3)));

    private static int SkipSpaces(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] == ' ') at++;
        return at;
    }

    private static int NumberLength(ReadOnlySpan<char> text)
    {
        var n = 0;
        while (n < text.Length && char.IsAsciiDigit(text[n])) n++;
        if (n == 0 || n + 1 >= text.Length || text[n] != '.' || !char.IsAsciiDigit(text[n + 1])) return n;
        n++;
        while (n < text.Length && char.IsAsciiDigit(text[n])) n++;
        return n;
    }

    // Whole words too: gateways write "try again in 20 seconds".
    private static double? UnitSeconds(ReadOnlySpan<char> unit) => unit switch
    {
        "s" or "sec" or "secs" or "second" or "seconds" => 1,
        "ms" or "millisecond" or "milliseconds" => 1e-3,
        "m" or "min" or "mins" or "minute" or "minutes" => 60,
        "h" or "hour" or "hours" => 3600,
        "d" or "day" or "days" => 86400,
        "us" or "µs" or "μs" => 1e-6,
        "ns" => 1e-9,
        _ => null,
    };
}
