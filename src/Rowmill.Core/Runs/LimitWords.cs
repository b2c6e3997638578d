using System.Globalization;
using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>Limits and times in words for a person.</summary>
public static class LimitWords
{
    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>A window's name without underscores.</summary>
    public static string Name(string window) => window.Replace('_', ' ');

    /// <summary>That a route has used a window up, such as <c>groq/x has used its 200,000 tokens for today</c>.</summary>
    public static string Used(string route, long? limit, string window)
    {
        var what = window switch
        {
            LimitNames.RequestsPerMinute or LimitNames.RequestsPerDay => "requests",
            LimitNames.InputTokensPerMinute => "prompt tokens",
            LimitNames.OutputTokensPerMinute => "reply tokens",
            _ => "tokens",
        };
        var span = window is LimitNames.RequestsPerDay or LimitNames.TokensPerDay ? "for today" : "for this minute";
        return limit is null
            ? $"{route} has used its {Name(window)}"
            : string.Create(s_plain, $"{route} has used its {limit:N0} {what} {span}");
    }

    /// <summary>A local time, with its day where that is not today: <c>09:38</c>, <c>tomorrow 09:38</c>, <c>Thursday 14:20</c>, <c>2026-11-03 14:20</c>.</summary>
    public static string Time(DateTimeOffset at, DateTimeOffset now, TimeZoneInfo zone)
    {
        // Rounded up: who comes at the time told is not too early.
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var minute = local.AddTicks(-(local.Ticks % TimeSpan.TicksPerMinute));
        if (minute < local) minute = minute.AddMinutes(1);
        var days = (minute.Date - TimeZoneInfo.ConvertTime(now, zone).Date).Days;
        var clock = minute.ToString("HH:mm", s_plain);
        return days switch
        {
            0 => clock,
            1 => $"tomorrow {clock}",
            > 1 and < 7 => $"{minute.ToString("dddd", s_plain)} {clock}",
            _ => minute.ToString("yyyy-MM-dd HH:mm", s_plain),
        };
    }
}
