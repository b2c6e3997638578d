namespace Rowmill.Core.Rows;

/// <summary>
/// Finds where the parts of JSON begin and end, for JSON that was checked when it was stored: several times faster than a reader
/// that checks it again.
/// </summary>
internal static class JsonScan
{
    /// <summary>Moves into the first object or array of the text.</summary>
    public static int Enter(ReadOnlySpan<byte> json) => SkipSpace(json, SkipSpace(json, 0) + 1);

    /// <summary>
    /// Reads the next value of an array, or the next name or value of an object, and moves behind it and the comma or colon after it.
    /// </summary>
    /// <returns>False at the closing bracket.</returns>
    public static bool Next(ReadOnlySpan<byte> json, ref int position, out int start, out int length)
    {
        start = position;
        length = 0;
        if (position >= json.Length || json[position] is (byte)']' or (byte)'}') return false;
        position = SkipValue(json, position);
        length = position - start;
        position = SkipSpace(json, position);
        if (position < json.Length && json[position] is (byte)',' or (byte)':') position = SkipSpace(json, position + 1);
        return true;
    }

    private static int SkipValue(ReadOnlySpan<byte> json, int at)
    {
        if (json[at] == '"') return SkipString(json, at);
        if (json[at] is not ((byte)'{' or (byte)'['))
        {
            var end = json[at..].IndexOfAny(",:]} \t\r\n"u8);
            return end < 0 ? json.Length : at + end;
        }

        var depth = 0;
        do
        {
            at += json[at..].IndexOfAny("\"[]{}"u8);
            switch (json[at])
            {
                case (byte)'"':
                    at = SkipString(json, at);
                    continue;
                case (byte)'[' or (byte)'{':
                    depth++;
                    break;
                default:
                    depth--;
                    break;
            }

            at++;
        }
        while (depth > 0);
        return at;
    }

    private static int SkipString(ReadOnlySpan<byte> json, int at)
    {
        at++;
        while (true)
        {
            at += json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[at] == '"') return at + 1;
            at += 2;
        }
    }

    private static int SkipSpace(ReadOnlySpan<byte> json, int at)
    {
        while (at < json.Length && json[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') at++;
        return at;
    }
}
