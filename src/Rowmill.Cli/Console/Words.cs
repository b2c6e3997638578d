using System.Globalization;

namespace Rowmill.Cli.Console;

/// <summary>How figures, money and times are written for people: one way for the whole program.</summary>
internal static class Words
{
    /// <summary>Money: cents at least, and as much of a millionth of a dollar as there is.</summary>
    public static string Usd(decimal usd) => string.Create(CultureInfo.InvariantCulture, $"{usd:#,0.00####} USD");

    /// <summary>A time, in the zone of whoever reads it.</summary>
    public static string Time(DateTimeOffset at) => at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A span of time as people say it.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 90 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(span.TotalSeconds):0} s"),
        { TotalMinutes: < 90 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(span.TotalMinutes):0} min"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.#} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0.#} days"),
    };

    /// <summary>A text as a sentence: a capital at its beginning, unless a model's name is there, a full stop at its end.</summary>
    public static string Sentence(string text) =>
        text.Length == 0 ? text : (text.Split(' ')[0].Contains('/') ? text[0] : char.ToUpperInvariant(text[0])) + text[1..] + (text[^1] is '.' or '!' or '?' or '…' ? "" : ".");
}
