using System.Buffers;
using System.Globalization;
using System.Text;

namespace Rowmill.Core.Questions;

/// <summary>
/// The form in which labels are equal that differ only by case, white space, hyphens or underscores. Case is folded letter by letter
/// (statuses C and S of Unicode's CaseFolding.txt): ς, σ and Σ are one letter, i and ı are two, ß is not ss.
/// </summary>
internal static class LabelForm
{
    private const char NoHyphen = '\0';

    /// <summary>
    /// The form of a text; empty when there is nothing but separators in it. Separators fall away where they stand beside a letter.
    /// They stay where they can carry a meaning: between digits or signs ("1-2" is not "12"), as a minus ("Level -1" is not
    /// "Level 1", "-$5" is not "$5") and as a hyphen at the end ("A-" is a grade of its own).
    /// </summary>
    public static string Of(ReadOnlySpan<byte> utf8)
    {
        var form = new StringBuilder(utf8.Length);
        var last = default(Rune);
        var separated = false;
        // The first and the last separator since the last letter or sign, and whether a blank or nothing is before the last one.
        char first = NoHyphen, latest = NoHyphen;
        var apart = true;
        while (Rune.DecodeFromUtf8(utf8, out var rune, out var length) == OperationStatus.Done)
        {
            utf8 = utf8[length..];
            if (SeparatorOf(rune) is { } separator)
            {
                apart = separated ? latest == ' ' : form.Length == 0;
                if (!separated) first = separator;
                latest = separator;
                separated = true;
                continue;
            }

            if (separated)
            {
                if (latest == '-' && apart && !IsLetter(rune)) form.Append('-');
                else if (form.Length > 0 && !IsLetter(last) && !IsLetter(rune)) form.Append(' ');
            }

            form.Append(Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune)).ToString());
            last = rune;
            separated = false;
        }

        if (separated && first == '-' && form.Length > 0) form.Append('-');
        return form.ToString();
    }

    private static bool IsLetter(Rune rune) => Rune.IsLetter(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>A hyphen or dash of any length as '-', white space, underscores and what has no width as a blank; null for the rest.</summary>
    private static char? SeparatorOf(Rune rune) => rune.Value switch
    {
        '_' or 0xFF3F or 0x00AD or 0x200B or 0x2060 or 0xFEFF => ' ',
        0x2212 => '-',
        _ when Rune.IsWhiteSpace(rune) => ' ',
        _ when Rune.GetUnicodeCategory(rune) == UnicodeCategory.DashPunctuation => '-',
        _ => null,
    };
}
