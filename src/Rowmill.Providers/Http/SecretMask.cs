using System.Text;

namespace Rowmill.Providers.Http;

/// <summary>Takes a key out of every text that leaves a client: whole, in part, or in the half-masked form services echo it in.</summary>
internal sealed class SecretMask(string? key)
{
    private const string Mask = "***";

    // So many characters in a row are no coincidence; fewer do not give a key away.
    private const int Telling = 8;

    /// <summary>The key as a person may see it: nothing of it, not even its length.</summary>
    public string Shown { get; } = Mask;

    /// <summary>The text without the key.</summary>
    public string Hide(string text)
    {
        if (string.IsNullOrEmpty(key)) return text;
        // JSON writes / and + in more than one way.
        foreach (var written in new[] { key.Replace("/", "\\/", StringComparison.Ordinal), Uri.EscapeDataString(key), Escaped(key) })
            if (written != key) text = text.Replace(written, Mask, StringComparison.OrdinalIgnoreCase);
        return HideEchoes(key.Length < Telling ? HideWord(text) : HideRuns(text));
    }

    private static string Escaped(string key) => System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(key);

    private string HideWord(string text)
    {
        var from = 0;
        while (text.IndexOf(key!, from, StringComparison.Ordinal) is >= 0 and var at)
        {
            var end = at + key!.Length;
            from = end;
            if (at > 0 && char.IsLetterOrDigit(text[at - 1]) || end < text.Length && char.IsLetterOrDigit(text[end])) continue;
            text = string.Concat(text.AsSpan(0, at), Mask, text.AsSpan(end));
            from = at + Mask.Length;
        }

        return text;
    }

    private string HideRuns(string text)
    {
        StringBuilder? result = null;
        var copied = 0;
        for (var i = 0; i + Telling <= text.Length;)
        {
            var length = Telling;
            if (!key.AsSpan().Contains(text.AsSpan(i, length), StringComparison.OrdinalIgnoreCase))
            {
                i++;
                continue;
            }

            while (i + length < text.Length && key.AsSpan().Contains(text.AsSpan(i, length + 1), StringComparison.OrdinalIgnoreCase)) length++;
            (result ??= new StringBuilder()).Append(text, copied, i - copied).Append(Mask);
            i += length;
            copied = i;
        }

        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    // "Incorrect API key provided: sk-ab**********yz."
    private string HideEchoes(string text)
    {
        StringBuilder? result = null;
        var copied = 0;
        for (var start = 0; start < text.Length;)
        {
            if (!InToken(text[start]))
            {
                start++;
                continue;
            }

            var end = start;
            while (end < text.Length && InToken(text[end])) end++;
            var stop = end;
            while (stop > start && text[stop - 1] is '.' or ',' or ';' or ':') stop--;
            if (IsEcho(text.AsSpan(start, stop - start)))
            {
                (result ??= new StringBuilder()).Append(text, copied, start - copied).Append(Mask);
                copied = stop;
            }

            start = end;
        }

        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();

        static bool InToken(char c) => c > ' ' && c is not ('"' or '\'' or '`' or '<' or '>' or '(' or ')' or '{' or '}' or '[' or ']' or ',' or '\\');
    }

    private bool IsEcho(ReadOnlySpan<char> token)
    {
        if (!token.Contains("**", StringComparison.Ordinal) && !token.Contains('…') && !token.Contains("...", StringComparison.Ordinal)) return false;
        return key!.Length >= 4 && (token.StartsWith(key.AsSpan(0, 2), StringComparison.Ordinal)
            || token.EndsWith(key.AsSpan(key.Length - 2), StringComparison.Ordinal));
    }
}
