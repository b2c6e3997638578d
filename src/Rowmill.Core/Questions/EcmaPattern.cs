using System.Text;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Questions;

/// <summary>Compiles a <c>pattern</c>, whose dialect is that of ECMA-262, with what .NET has.</summary>
internal static class EcmaPattern
{
    /// <summary>A match that takes longer counts as a failure of the answer; a pattern that does so is a mistake of its author.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <summary>Compiles, or tells what is wrong with the pattern.</summary>
    public static Regex? Compile(string pattern, out string? error)
    {
        error = null;
        var source = EndOnly(pattern);
        try
        {
            return new Regex(source, RegexOptions.ECMAScript, Timeout);
        }
        catch (ArgumentException)
        {
            // Such as \p{L}, which ECMA-262 has and RegexOptions.ECMAScript has not.
        }

        try
        {
            return new Regex(source, RegexOptions.CultureInvariant, Timeout);
        }
        catch (ArgumentException e)
        {
            error = e.Message;
            return null;
        }
    }

    /// <summary>In ECMA-262 <c>$</c> is the end of the text; in .NET it is also the place before a last line break.</summary>
    private static string EndOnly(string pattern)
    {
        if (!pattern.Contains('$', StringComparison.Ordinal)) return pattern;
        var result = new StringBuilder(pattern.Length + 4);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                result.Append(c).Append(pattern[++i]);
                continue;
            }

            if (c == '[') inClass = true;
            else if (c == ']') inClass = false;
            if (c == '$' && !inClass) result.Append("\\z");
            else result.Append(c);
        }

        return result.ToString();
    }
}
