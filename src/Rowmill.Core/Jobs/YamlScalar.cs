using System.Globalization;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Jobs;

/// <summary>What a plain scalar is by the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2): <c>No</c>, <c>yes</c> and <c>on</c> are texts.</summary>
internal static partial class YamlScalar
{
    /// <summary>True for nothing at all, <c>~</c> and <c>null</c>.</summary>
    public static bool IsNull(YamlNode node) =>
        node is YamlText { Plain: true, Value: "" or "~" or "null" or "Null" or "NULL" };

    /// <summary>The truth value, or null when it is none.</summary>
    public static bool? Flag(YamlText text) => !text.Plain
        ? null
        : text.Value switch
        {
            "true" or "True" or "TRUE" => true,
            "false" or "False" or "FALSE" => false,
            _ => null,
        };

    /// <summary>The number as JSON writes it, or null when it is none; numbers outside JSON (<c>.inf</c>, <c>.nan</c>, <c>1e999</c>) are none.</summary>
    public static string? Number(YamlText text)
    {
        if (!text.Plain) return null;
        var value = text.Value;
        if (Whole().IsMatch(value))
        {
            var digits = value.AsSpan().TrimStart("+-").TrimStart('0');
            return (value[0] == '-' && digits.Length > 0 ? "-" : "") + (digits.Length == 0 ? "0" : digits.ToString());
        }

        if (Based().IsMatch(value))
        {
            var hexadecimal = value[1] == 'x';
            return Convert.ToUInt64(value[2..], hexadecimal ? 16 : 8).ToString(CultureInfo.InvariantCulture);
        }

        if (!Decimal().IsMatch(value)) return null;
        if (decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) && Fits(value))
            return exact.ToString(CultureInfo.InvariantCulture);
        var number = double.Parse(value, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : null;
    }

    /// <summary>True for texts that YAML 1.1 readers take for truth values, so that people mean one by them.</summary>
    public static bool LooksLikeFlag(string value) => value.ToLowerInvariant() is "yes" or "no" or "on" or "off" or "y" or "n";

    // decimal rounds what it cannot hold; then double keeps the magnitude.
    private static bool Fits(string value) => value.Length <= 24 && !value.Contains('e') && !value.Contains('E');

    [GeneratedRegex(@"^[-+]?[0-9]{1,300}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Whole();

    [GeneratedRegex(@"^(0x[0-9a-fA-F]{1,16}|0o[0-7]{1,21})$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Based();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Decimal();
}
