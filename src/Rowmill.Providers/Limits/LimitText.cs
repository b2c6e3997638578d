using System.Globalization;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Limits;

/// <summary>
/// The sentence with which OpenAI, Groq and their imitators refuse: <c>on tokens per day (TPD): Limit L, Used U, Requested R</c>; and
/// Anthropic's: <c>the rate limit for your organization (…) of L input tokens per minute</c>.
/// </summary>
/// <param name="Window">The window, one of <see cref="LimitNames"/>; null when none of ours is named (audio seconds, or nothing).</param>
/// <param name="Limit">What the window admits per span.</param>
internal sealed record LimitText(string? Window, long Limit)
{
    /// <summary>What was used before the request; null when the sentence does not say.</summary>
    public long? Used { get; private init; }

    /// <summary>What the service took the request for; null when the sentence does not say.</summary>
    public long? Requested { get; private init; }

    /// <summary>True when the window never holds what was requested.</summary>
    public bool NeverFits => Limit > 0 && Requested > Limit;

    /// <summary>Finds the sentence in a message; null when there is none with a limit in it.</summary>
    public static LimitText? Find(string? words)
    {
        if (words is null) return null;
        var from = 0;
        while (words.IndexOf("Limit", from, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
        {
            from = at + "Limit".Length;
            if (NumberAt(words, from, out var end) is not { } limit) continue;
            return new LimitText(WindowBefore(words.AsSpan(0, at)), limit)
            {
                Used = NumberAfter(words, "Used", end) ?? NumberAfter(words, "Current", end),
                Requested = NumberAfter(words, "Requested", end),
            };
        }

        return Says(words, "rate limit") ? FindOf(words) : null;
    }

    private static LimitText? FindOf(string words)
    {
        const string Of = " of ";
        for (var at = words.IndexOf(Of, StringComparison.Ordinal); at >= 0; at = words.IndexOf(Of, at + 1, StringComparison.Ordinal))
        {
            if (NumberAt(words, at + Of.Length, out var end) is { } limit && WindowIn(words.AsSpan(end).TrimStart()) is { } window)
                return new LimitText(window, limit);
        }

        return null;
    }

    private static bool Says(string words, string phrase) => words.Contains(phrase, StringComparison.OrdinalIgnoreCase);

    // "(TPD): " stands right before it; older texts have "requests per min. " alone.
    private static string? WindowBefore(ReadOnlySpan<char> words)
    {
        var close = words.LastIndexOf(')');
        var open = close < 0 ? -1 : words[..close].LastIndexOf('(');
        if (open >= 0 && words[(close + 1)..].Trim(" :,.-") is "") return WindowOf(words[(open + 1)..close]);
        var on = words.LastIndexOf(" on ");
        return on < 0 ? null : WindowIn(words[(on + 4)..]);
    }

    private static string? WindowOf(ReadOnlySpan<char> abbreviation) => abbreviation.Trim() switch
    {
        "RPM" => LimitNames.RequestsPerMinute,
        "RPD" => LimitNames.RequestsPerDay,
        "TPM" => LimitNames.TokensPerMinute,
        "TPD" => LimitNames.TokensPerDay,
        "ITPM" => LimitNames.InputTokensPerMinute,
        "OTPM" => LimitNames.OutputTokensPerMinute,
        _ => null,
    };

    private static string? WindowIn(ReadOnlySpan<char> words) =>
        words.StartsWith("requests per min") ? LimitNames.RequestsPerMinute
        : words.StartsWith("requests per day") ? LimitNames.RequestsPerDay
        : words.StartsWith("tokens per min") ? LimitNames.TokensPerMinute
        : words.StartsWith("tokens per day") ? LimitNames.TokensPerDay
        : words.StartsWith("input tokens per min") ? LimitNames.InputTokensPerMinute
        : words.StartsWith("output tokens per min") ? LimitNames.OutputTokensPerMinute
        : null;

    private static long? NumberAfter(string words, string label, int from)
    {
        var at = words.IndexOf(label, from, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : NumberAt(words, at + label.Length, out _);
    }

    /// <summary>The whole number at a place, after blanks and a colon; thousands may be set apart by commas.</summary>
    private static long? NumberAt(ReadOnlySpan<char> words, int at, out int end)
    {
        while (at < words.Length && words[at] is ' ' or ':' or '=') at++;
        Span<char> digits = stackalloc char[18]; // fits into a long
        var count = 0;
        for (end = at; end < words.Length; end++)
        {
            if (words[end] == ',' && IsGroup(words[(end + 1)..])) continue;
            if (!char.IsAsciiDigit(words[end])) break;
            if (count == digits.Length) return null;
            digits[count++] = words[end];
        }

        if (count == 0) return null;
        var number = long.Parse(digits[..count], NumberStyles.None, CultureInfo.InvariantCulture);
        // Half a request is not none.
        return number == 0 && words[end..] is ['.', >= '0' and <= '9', ..] ? null : number;
    }

    private static bool IsGroup(ReadOnlySpan<char> words) =>
        words.Length >= 3 && char.IsAsciiDigit(words[0]) && char.IsAsciiDigit(words[1]) && char.IsAsciiDigit(words[2])
        && (words.Length == 3 || !char.IsAsciiDigit(words[3]));
}
