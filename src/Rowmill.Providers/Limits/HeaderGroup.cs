using System.Globalization;
using System.Net.Http.Headers;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Limits;

/// <summary>The three headers of one limit as far as they could be read: limit, remaining, reset.</summary>
/// <remarks>What is not a plain number or duration, or comes twice with different values, is not believed.</remarks>
internal struct HeaderGroup
{
    // Beyond it a double no longer holds every whole number; no limit is near it.
    private const double Largest = 1L << 53;

    private bool _broken;

    /// <summary>What the window admits per span.</summary>
    public long? Limit { get; private set; }

    /// <summary>What is left; overdrawn is 0.</summary>
    public double? Remaining { get; private set; }

    /// <summary>The reset header.</summary>
    public TimeSpan? Reset { get; private set; }

    /// <summary>How exactly the reset is told: Go's milliseconds, or whole seconds.</summary>
    public TimeSpan ResetStep { get; private set; }

    /// <summary>True when the group says something of its window.</summary>
    public readonly bool Speaks => !_broken && (Limit is not null || Remaining is not null);

    /// <summary>Takes a limit.</summary>
    public void TakeLimit(in HeaderStringValues values)
    {
        if (Number(Value(values)) is { } limit and (0 or >= 1)) Limit = (long)limit;
        else _broken = true; // -1 and words stand for "none" at some services; its partners mean nothing then
    }

    /// <summary>Takes what is left.</summary>
    public void TakeRemaining(in HeaderStringValues values)
    {
        if (Number(Value(values)) is { } left) Remaining = Math.Max(left, 0);
    }

    /// <summary>Takes the reset.</summary>
    public void TakeReset(in HeaderStringValues values)
    {
        var text = Value(values);
        if (GoDuration.Parse(text) is not { } reset) return;
        Reset = reset;
        // "6m0s" and "12s" may be rounded to the second; "2m59.56s", "1.5" and "12ms" are not.
        var isFine = text.Contains('.') || text.Contains("ms", StringComparison.Ordinal);
        ResetStep = isFine ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1);
    }

    /// <summary>Takes a reset that is told as a moment (RFC 3339), as the whole seconds until then: its sender rounds it, and clocks differ.</summary>
    public void TakeResetAt(in HeaderStringValues values, DateTimeOffset now)
    {
        if (!DateTimeOffset.TryParse(Value(values), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)) return;
        Reset = TimeSpan.FromSeconds(Math.Max(0, Math.Ceiling((at - now).TotalSeconds)));
        ResetStep = TimeSpan.FromSeconds(1);
    }

    /// <summary>The more restrictive of two groups over the same span, number by number.</summary>
    public static HeaderGroup Stricter(in HeaderGroup a, in HeaderGroup b) => new()
    {
        Limit = Least(a.Limit, b.Limit),
        Remaining = Least(a.Remaining, b.Remaining),
        Reset = a.Reset is null || b.Reset > a.Reset ? b.Reset : a.Reset,
        ResetStep = a.ResetStep > b.ResetStep ? a.ResetStep : b.ResetStep,
    };

    private static T? Least<T>(T? a, T? b)
        where T : struct, IComparable<T> => a is { } x && b is { } y ? (x.CompareTo(y) <= 0 ? x : y) : a ?? b;

    private static double? Number(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number <= Largest ? number : null;

    // Proxies send a header twice, in two lines or in one with a comma.
    private static ReadOnlySpan<char> Value(in HeaderStringValues values)
    {
        ReadOnlySpan<char> common = default;
        var first = true;
        foreach (var line in values)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var item = line.AsSpan()[range].Trim();
                if (first) common = item;
                else if (!item.SequenceEqual(common)) return default;
                first = false;
            }
        }

        return common;
    }
}
