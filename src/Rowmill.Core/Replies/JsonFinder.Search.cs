using System.Buffers;

namespace Rowmill.Core.Replies;

/// <summary>The search for documents: what is known of the text before.</summary>
internal static partial class JsonFinder
{
    // What stands between values, or is left of them where brackets were lost.
    private static readonly SearchValues<byte> s_between = SearchValues.Create(" \t\r\n,:\"\\"u8);

    private sealed class Search
    {
        // Behind the break of a document, up to where its brackets end it.
        private int _freeFrom;

        // The first document since the last bracket that nothing has opened, and the first of those joined by commas to the latest.
        private int _firstOpen;
        private int _firstJoined;
        private int _lastEnd;

        public List<JsonFound> Found { get; } = [];

        /// <summary>Bytes of broken documents that may be looked through once more, to see where they end.</summary>
        public long Budget { get; set; }

        public bool IsRowsReserved { get; init; }

        /// <summary>What comes has nothing to do with what was.</summary>
        public void Restart() => (_freeFrom, _firstOpen, _firstJoined, _lastEnd) = (0, Found.Count, Found.Count, 0);

        /// <summary>Notes what begins with the bracket at a position; where to go on.</summary>
        public int Read(ReadOnlySpan<byte> text, int start)
        {
            var skip = JsonSkipper.Skip(text, start);
            var at = Math.Max(skip.End, start + 1);
            if (!skip.IsWhole && !skip.IsNamed) return at;
            if (!IsJoined(text[Math.Min(_lastEnd, start)..start])) _firstJoined = Found.Count;
            _lastEnd = at;

            var isBehind = start < _freeFrom;
            var isMember = IsMember(text[..start], out var isRows);
            var trust = isBehind ? JsonTrust.Part : isRows && IsRowsReserved ? JsonTrust.Rows : isMember ? JsonTrust.Part : JsonTrust.Free;
            var end = skip.IsWhole ? at : PassBroken(text, start);
            if (end < 0 && !skip.IsCut)
            {
                // It has no end, and does not just break off with the reply: it may be anything, and so may what it is joined to.
                if (trust == JsonTrust.Free) trust = JsonTrust.Part;
                Mistrust(_firstJoined);
            }

            var isReply = IsRowsReserved && text[start] == '{' && text[start..at].IndexOf("\"rows\""u8) > 0;
            if ((isReply || trust == JsonTrust.Rows) && end >= 0 && GoesOn(text[end..])) trust = JsonTrust.Doubtful;
            if (isReply || trust != JsonTrust.Part) Found.Add(new JsonFound(start, skip, trust));
            if (isBehind || end < 0 || !IsClosing(text, ref end)) return at;
            Mistrust(_firstOpen);
            _firstOpen = Found.Count;
            return skip.IsWhole ? end : at;
        }

        /// <summary>The end of a broken document by its brackets, or -1; what is within it is not free.</summary>
        private int PassBroken(ReadOnlySpan<byte> text, int start)
        {
            var budget = Budget;
            var end = JsonSkipper.SkipBroken(text, start, ref budget);
            Budget = budget;
            _freeFrom = Math.Max(_freeFrom, end < 0 ? int.MaxValue : end);
            return end;
        }

        private void Mistrust(int from)
        {
            for (var i = from; i < Found.Count; i++)
                if (Found[i].Trust == JsonTrust.Free) Found[i] = Found[i] with { Trust = JsonTrust.Part };
        }

        private static bool IsJoined(ReadOnlySpan<byte> between) => between.Contains((byte)',') && between.IndexOfAnyExcept(s_between) < 0;

        /// <summary>
        /// Whether a name and a colon stand before: what follows is a part of something whose beginning is lost. The reply's "rows" come
        /// first in it; behind another member they may be an answer's.
        /// </summary>
        private static bool IsMember(ReadOnlySpan<byte> before, out bool isRows)
        {
            isRows = false;
            before = before.TrimEnd(" \t\r\n"u8);
            if (before is not [.., (byte)':']) return false;
            before = before[..^1].TrimEnd(" \t\r\n"u8);
            isRows = before.EndsWith("\"rows\""u8) && before[..^6].TrimEnd(" \t\r\n"u8) is not [.., (byte)','];
            return before is [] or [.., (byte)'"'];
        }

        /// <summary>Whether a bracket follows, after nothing but what stands between values, that closes what nothing has opened.</summary>
        private static bool IsClosing(ReadOnlySpan<byte> text, ref int at)
        {
            var next = text[at..].IndexOfAnyExcept(s_between);
            if (next < 0 || text[at + next] is not ((byte)']' or (byte)'}')) return false;
            at += next + 1;
            return true;
        }

        /// <summary>
        /// Whether a reply has ended too early: a comma follows and no other reply, or two brackets that nothing has opened. One too many
        /// is a slip.
        /// </summary>
        private static bool GoesOn(ReadOnlySpan<byte> rest)
        {
            var closed = 0;
            for (rest = rest.TrimStart(" \t\r\n"u8); rest is [(byte)']' or (byte)'}', ..]; rest = rest[1..].TrimStart(" \t\r\n"u8))
                if (++closed > 1) return true;
            if (rest is not [(byte)',', ..]) return false;
            rest = rest[1..].TrimStart(" \t\r\n"u8);
            return rest is [(byte)'{', ..] ? !rest[1..].TrimStart(" \t\r\n"u8).StartsWith("\"rows\""u8) : rest is [(byte)'[' or (byte)'"', ..];
        }
    }
}
