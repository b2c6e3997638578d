using System.Text;

namespace Rowmill.Providers.Http;

/// <summary>What shows a failure to a person: status, the headers that speak of limits, and the beginning of the body.</summary>
internal static class Evidence
{
    // Google's refusals with several violations are about 3,000 bytes long.
    private const int BodyBytes = 4096;
    private const int MessageChars = 300;

    public static string Of(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var text = new StringBuilder($"HTTP {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd()).Append('\n');
        foreach (var (name, values) in response.Headers)
            if (Speaks(name)) text.Append(name.ToLowerInvariant()).Append(": ").AppendJoin(", ", values).Append('\n');
        if (response.Content.Headers.ContentType is { } type) text.Append("content-type: ").Append(type).Append('\n');
        if (body.Length > 0)
        {
            text.Append('\n').Append(Encoding.UTF8.GetString(Whole(body)));
            if (body.Length > BodyBytes) text.Append('…');
        }

        return text.ToString();
    }

    /// <summary>One line of at most 300 characters.</summary>
    public static string OneLine(string words, int room = MessageChars)
    {
        var line = new StringBuilder(Math.Min(words.Length, room));
        foreach (var c in words)
        {
            if (line.Length > room) break;
            if (!char.IsWhiteSpace(c) && !char.IsControl(c)) line.Append(c);
            else if (line.Length > 0 && line[^1] != ' ') line.Append(' ');
        }

        var text = line.ToString().TrimEnd();
        return text.Length <= room ? text : string.Concat(text.AsSpan(0, room - 1).TrimEnd(), "…");
    }

    /// <summary>The service's words, and what we know about them, in one line; ours is never cut.</summary>
    public static string OneLine(string words, string ours) =>
        OneLine(words, Math.Max(MessageChars - ours.Length, 80)) + ours;

    private static bool Speaks(string header) =>
        header.Contains("ratelimit", StringComparison.OrdinalIgnoreCase)
        || header.StartsWith("anthropic-priority-", StringComparison.OrdinalIgnoreCase)
        || header.StartsWith("retry-after", StringComparison.OrdinalIgnoreCase)
        || header.EndsWith("request-id", StringComparison.OrdinalIgnoreCase)
        || header.Equals("cf-ray", StringComparison.OrdinalIgnoreCase)
        || header.Equals("location", StringComparison.OrdinalIgnoreCase);

    // Not through the middle of a character.
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> body)
    {
        if (body.Length <= BodyBytes) return body;
        var end = BodyBytes;
        while (end > BodyBytes - 4 && (body[end] & 0xC0) == 0x80) end--;
        return body[..end];
    }
}
