using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Jobs;

/// <summary>Writes texts so that any YAML reader reads the same text again.</summary>
internal static partial class YamlQuoting
{
    /// <summary>The text as a scalar, with quotes only where they are needed; fit for flow and block style.</summary>
    public static string Quote(string text)
    {
        if (Simple().IsMatch(text) && !Special().IsMatch(text)) return text;
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes()) Append(quoted, rune);
        return quoted.Append('"').ToString();
    }

    private static void Append(StringBuilder quoted, Rune rune)
    {
        switch (rune.Value)
        {
            case '"' or '\\':
                quoted.Append('\\').Append(rune);
                return;
            case '\t':
                quoted.Append("\\t");
                return;
            case '\n':
                quoted.Append("\\n");
                return;
        }

        var hidden = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse;
        if (!hidden) quoted.Append(rune);
        else if (rune.IsBmp) quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
        else quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}");
    }

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{Nd}_./-]*( [\p{L}\p{Nd}_./()-]+)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Simple();

    // Also what YAML 1.1 readers take for truth values: other programs read job files too.
    [GeneratedRegex(@"^(true|false|null|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Special();
}
