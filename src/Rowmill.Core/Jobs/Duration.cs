using System.Globalization;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Jobs;

/// <summary>Durations as the job file writes them: <c>30s</c>, <c>2m</c>, <c>1h30m</c>, <c>2d</c>, <c>500ms</c>; a plain number is seconds.</summary>
public static partial class Duration
{
    /// <summary>Reads a duration, zero included.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text.Length is 0 or > 40) return false;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var plain))
            return TryAdd(plain, ref duration);

        var match = Parts().Match(text);
        if (!match.Success) return false;
        for (var i = 0; i < match.Groups["n"].Captures.Count; i++)
        {
            var number = double.Parse(match.Groups["n"].Captures[i].ValueSpan, CultureInfo.InvariantCulture);
            var seconds = match.Groups["unit"].Captures[i].Value switch
            {
                "d" => 86400,
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                _ => 0.001,
            };
            if (!TryAdd(number * seconds, ref duration)) return false;
        }

        return true;
    }

    /// <summary>Writes a duration as the job file does, such as <c>1h30m</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        var days = duration.Days > 0 ? $"{duration.Days}d" : "";
        var hours = duration.Hours > 0 ? $"{duration.Hours}h" : "";
        var minutes = duration.Minutes > 0 ? $"{duration.Minutes}m" : "";
        var seconds = duration.Seconds > 0 ? $"{duration.Seconds}s" : "";
        var milliseconds = duration.Milliseconds > 0 ? $"{duration.Milliseconds}ms" : "";
        return days + hours + minutes + seconds + milliseconds;
    }

    private static bool TryAdd(double seconds, ref TimeSpan sum)
    {
        const double tenYears = 10 * 366 * 86400d;
        if (!(seconds <= tenYears)) return false;
        sum += TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
        return sum.TotalSeconds <= tenYears;
    }

    // Each unit at most once, the larger first; "ms" before "m" and "s" is settled by the look-ahead.
    [GeneratedRegex(
        @"^(?:(?<n>\d+(?:\.\d+)?)(?<unit>d) ?)?(?:(?<n>\d+(?:\.\d+)?)(?<unit>h) ?)?(?:(?<n>\d+(?:\.\d+)?)(?<unit>m)(?!s) ?)?" +
        @"(?:(?<n>\d+(?:\.\d+)?)(?<unit>s) ?)?(?:(?<n>\d+(?:\.\d+)?)(?<unit>ms))?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parts();
}
