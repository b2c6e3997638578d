using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Replies;

/// <summary>
/// Writes a document that breaks, breaks off or is too deep once more with what is whole in it: members and items up to the break, and
/// those behind it where the brackets tell how far the broken one goes. An answer is kept whole or not at all.
/// </summary>
/// <param name="text">The reply.</param>
/// <param name="isOfAnswer">Whether a name is one of an answer's own: an array under one is a part of an answer, never the answers.</param>
internal sealed class WholeParts(ReadOnlyMemory<byte> text, Func<ReadOnlySpan<byte>, bool> isOfAnswer)
{
    private readonly ByteBuffer _json = new();

    // Broken parts are looked through once more, to see where they end; all of a reply together at most once.
    private long _budget = text.Length;

    private bool _isDoubtful;

    /// <summary>Whether the latest document was a single answer, of which nothing is kept.</summary>
    public bool IsSingle { get; private set; }

    /// <summary>The whole parts of the document that begins at a position, as valid JSON.</summary>
    /// <param name="start">Its first bracket.</param>
    /// <param name="isDoubtful">Whether it may be an answer that holds "rows" of its own: then anything of an answer in it makes it one.</param>
    public ReadOnlyMemory<byte> Of(int start, bool isDoubtful)
    {
        (_isDoubtful, IsSingle) = (isDoubtful, false);
        _json.Clear();
        if (text.Span[start] == '[') Items(start);
        else Members(start, isRoot: true);
        return _json.Written.ToArray();
    }

    private void Items(int at)
    {
        var span = text.Span;
        var isFirst = true;
        _json.Append((byte)'[');
        for (at++; ;)
        {
            at = JsonSkipper.SkipBlanks(span, at);
            if (at == span.Length || span[at] == ']') break;
            if (span[at] == ',')
            {
                at++;
                continue;
            }

            var skip = JsonSkipper.Skip(span, at);
            if (!skip.IsWhole)
            {
                at = Behind(at, ']');
                if (at < 0) break;
                continue;
            }

            // Two objects may stand side by side without a comma. After any other item, what follows tells whether it was one.
            var isObject = span[at] == '{';
            var next = JsonSkipper.SkipBlanks(span, skip.End);
            var isFollowed = next == span.Length || span[next] is (byte)',' or (byte)']' || (isObject && span[next] == '{');
            if ((isObject || isFollowed) && skip.Depth < JsonFinder.MaxDepth - 2)
            {
                if (!isFirst) _json.Append((byte)',');
                isFirst = false;
                _json.Append(span[at..skip.End]);
            }

            if (!isFollowed) break;
            at = skip.End;
        }

        _json.Append((byte)']');
    }

    private void Members(int at, bool isRoot)
    {
        var span = text.Span;
        var start = _json.Length;
        bool hasId = false, namesRow = false, hasRows = false, isAnswer = false;
        _json.Append((byte)'{');
        for (at++; ;)
        {
            at = JsonSkipper.SkipBlanks(span, at);
            if (at == span.Length || span[at] is not ((byte)'"' or (byte)',')) break;
            if (span[at] == ',')
            {
                at++;
                continue;
            }

            var length = JsonSkipper.StringLength(span[at..]);
            var quoted = span.Slice(at, length);
            at = JsonSkipper.SkipBlanks(span, at + length);
            if (length == 0 || at == span.Length || span[at] != ':') break;
            at = JsonSkipper.SkipBlanks(span, at + 1);
            if (at == span.Length) break;
            var isText = JsonStrings.TryUnescape(quoted[1..^1], out var name);
            var isOwn = !isText || isOfAnswer(name);
            var isId = isText && name.SequenceEqual("id"u8);
            var skip = JsonSkipper.Skip(span, at);
            var isRows = isText && name.SequenceEqual("rows"u8);
            hasRows |= isRows;
            isAnswer |= isOwn && !isRows;
            hasId |= isId;
            namesRow |= isId && (!skip.IsWhole || NamesRow(text[at..skip.End], skip.Depth));
            if (skip.IsWhole && skip.Depth < JsonFinder.MaxDepth - 2)
            {
                Name(quoted);
                _json.Append(span[at..skip.End]);
            }
            else if (isRoot)
            {
                Broken(quoted, isOwn, at);
            }

            at = skip.IsWhole ? skip.End : Behind(at, '}');
            if (at < 0) break;
        }

        // What carries a row's id or something of an answer is one answer, and it is not whole. A wrapper's own id names no row.
        if (namesRow || (isAnswer && (hasId || _isDoubtful)) || (hasId && (!isRoot || !hasRows)))
        {
            IsSingle |= isRoot;
            _json.Truncate(start);
            _json.Append((byte)'{');
        }

        _json.Append((byte)'}');
    }

    /// <summary>The whole parts of a broken member that holds answers: the rows, or an array under a name of the model's own.</summary>
    private void Broken(ReadOnlySpan<byte> quoted, bool isOwn, int at)
    {
        var isRows = quoted.SequenceEqual("\"rows\""u8);
        if (text.Span[at] == '{' && isRows)
        {
            Name(quoted);
            Members(at, isRoot: false);
        }
        else if (text.Span[at] == '[' && (isRows || !isOwn))
        {
            Name(quoted);
            Items(at);
        }
    }

    /// <summary>Whether a whole value can be a row's id.</summary>
    private static bool NamesRow(ReadOnlyMemory<byte> json, int depth)
    {
        if (depth > 0) return false;
        using var value = JsonDocument.Parse(json);
        return ReplyIds.Of(value.RootElement) is not null;
    }

    private void Name(ReadOnlySpan<byte> quoted)
    {
        if (_json.Written[^1] != '{') _json.Append((byte)',');
        _json.Append(quoted);
        _json.Append((byte)':');
    }

    /// <summary>The end of a broken array or object, when what follows shows that its brackets could be trusted; otherwise -1.</summary>
    private int Behind(int at, char closing)
    {
        var span = text.Span;
        if (span[at] is not ((byte)'{' or (byte)'[')) return -1;
        var end = JsonSkipper.SkipBroken(span, at, ref _budget);
        if (end < 0) return -1;
        var next = JsonSkipper.SkipBlanks(span, end);
        return next < span.Length && (span[next] == ',' || span[next] == closing) ? end : -1;
    }
}
