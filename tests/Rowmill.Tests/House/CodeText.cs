using System.Text;
using System.Text.RegularExpressions;

namespace Rowmill.Tests.House;

/// <summary>C# source as far as names are concerned.</summary>
internal static partial class CodeText
{
    /// <summary>The source without comments and the contents of strings and characters; line breaks may go with them.</summary>
    public static string WithoutCommentsAndStrings(string source)
    {
        var code = new StringBuilder(source.Length);
        var last = 0;
        foreach (Match match in Skipped().Matches(source))
        {
            code.Append(source, last, match.Index - last).Append(' ');
            last = match.Index + match.Length;
        }

        return code.Append(source, last, source.Length - last).ToString();
    }

    // In order: raw strings, verbatim strings, plain strings, characters, line comments, block comments.
    [GeneratedRegex(
        """"
        (?<quotes>"{3,}).*?\k<quotes>"* | [@]\$?"(?:[^"]|"")*" | \$@"(?:[^"]|"")*" | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.[^'\n]*)' | //[^\n]* | /\*.*?\*/
        """",
        RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Skipped();
}
