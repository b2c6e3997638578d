using System.Globalization;
using System.Text;

namespace Rowmill.Core.Batches;

/// <summary>Our own names: of batches, and of the lines in them. Providers take letters, digits and hyphens, at most 64 (Anthropic's custom_id).</summary>
internal static class BatchNaming
{
    // With the longest ending, -12345678-001-1000000, a line's id stays below 64.
    private const int LongestJob = 24;
    private const int RandomDigits = 8;

    /// <summary>What the batches of one preparation have in common.</summary>
    public static string Prefix(string job, Func<double> chance)
    {
        var text = new StringBuilder(LongestJob + RandomDigits + 1);
        foreach (var c in job.ToLowerInvariant())
        {
            if (text.Length == LongestJob) break;
            if (char.IsAsciiLetterOrDigit(c)) text.Append(c);
            else if (text.Length > 0 && text[^1] != '-') text.Append('-');
        }

        if (text.Length == 0) text.Append("job");
        if (text[^1] != '-') text.Append('-');
        for (var i = 0; i < RandomDigits; i++) text.Append("0123456789abcdef"[(int)(chance() * 16)]);
        return text.ToString();
    }

    /// <summary>The name of a preparation's batch, counted from 1.</summary>
    public static string Batch(string prefix, int number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{number:D3}");

    /// <summary>The id of a batch's line, counted from 1.</summary>
    public static string Line(string batch, int line) => string.Create(CultureInfo.InvariantCulture, $"{batch}-{line}");

    /// <summary>The line that an id names; null when it is of another batch, or no id of ours.</summary>
    public static int? LineOf(string id, string batch)
    {
        if (id.Length <= batch.Length + 1 || !id.StartsWith(batch, StringComparison.Ordinal) || id[batch.Length] != '-') return null;
        var digits = id.AsSpan(batch.Length + 1);
        return digits[0] != '0' && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var line) ? line : null;
    }
}
