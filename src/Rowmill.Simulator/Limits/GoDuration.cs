using System.Text;

namespace Rowmill.Simulator.Limits;

/// <summary>Spans of time as Go prints them, in whole milliseconds: <c>84ms</c>, <c>1.146s</c>, <c>6m0s</c>, <c>2m59.56s</c>.</summary>
internal static class GoDuration
{
    public static string Format(TimeSpan span)
    {
        var milliseconds = (long)Math.Round(span.TotalMilliseconds, MidpointRounding.AwayFromZero);
        if (milliseconds <= 0) return span > TimeSpan.Zero ? "1ms" : "0s";
        if (milliseconds < 1000) return $"{milliseconds}ms";

        var text = new StringBuilder();
        var minutes = milliseconds / 60_000;
        if (minutes >= 60) text.Append(minutes / 60).Append('h');
        if (minutes > 0) text.Append(minutes % 60).Append('m');
        var rest = milliseconds % 60_000;
        text.Append(rest / 1000);
        if (rest % 1000 != 0) text.Append('.').Append($"{rest % 1000:000}".TrimEnd('0'));
        return text.Append('s').ToString();
    }
}
