using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Replies;

/// <summary>
/// Reads a model's reply and joins it to its pack by the echoed ids, as a set. Never by position: an entry without a usable id
/// belongs to no row. Good rows of a bad reply are kept. A reply may be the wrapper {"rows":[…]}, a bare array, one answer, an object
/// keyed by id (bare or under "rows"), the wrapper under another name, and several of these in prose, fences or one a line.
/// </summary>
internal sealed class ReplyReader
{
    /// <summary>For stored forms: a mended one may be deeper than a reply, since single values are wrapped.</summary>
    internal static readonly JsonDocumentOptions StoredOptions = new() { MaxDepth = 4 * JsonFinder.MaxDepth };

    private const string Broken = "the reply breaks off or is broken JSON";
    private const string NoRows = "the reply is JSON without an array \"rows\"";
    private const string BrokenText = "the reply holds text that is not valid Unicode";

    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, MaxDepth = JsonFinder.MaxDepth };

    private readonly AnswerSchema _schema;
    private readonly bool _abstain;

    // "rows" in an answer's own schema: then it may begin a part of an answer.
    private readonly bool _isRowsReserved;
    private readonly bool _isRowsProperty;

    // Properties that look like ids: then an object with them is an answer and is not keyed by id.
    private readonly bool _isKeyable;

    /// <summary>Reads replies to one question. Safe for concurrent use.</summary>
    /// <param name="schema">What an answer must be.</param>
    /// <param name="abstain">Whether a row may be abstained from.</param>
    public ReplyReader(AnswerSchema schema, bool abstain)
    {
        _schema = schema;
        _abstain = abstain;
        _isRowsReserved = schema.Json.Span.IndexOf("\"rows\""u8) < 0;
        _isRowsProperty = schema.Properties.Contains(ReplySchema.RowsProperty);
        _isKeyable = !schema.Properties.Any(p => ReplyIds.Of(Encoding.UTF8.GetBytes(p)) is not null);
    }

    /// <summary>Reads a reply. Whatever its bytes are, it does not throw, and takes time linear in them.</summary>
    /// <param name="text">The reply, UTF-8, as the model wrote it.</param>
    /// <param name="rows">Number of rows in the pack; their ids are 1…n.</param>
    public ReplyReading Read(ReadOnlyMemory<byte> text, int rows)
    {
        var join = new ReplyJoin(rows);
        if (!TryReadOnly(text, join)) ReadAll(text, join);
        return join.Reading();
    }

    /// <summary>The usual case: the reply is one whole document, perhaps fenced.</summary>
    private bool TryReadOnly(ReadOnlyMemory<byte> text, ReplyJoin join)
    {
        var json = JsonFinder.Only(text);
        if (json.IsEmpty) return false;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, s_options);
        }
        catch (JsonException)
        {
            return false;
        }

        using (document) ReadDocument(document.RootElement, join, isAlone: true);
        return true;
    }

    /// <summary>Every document in the text. What is said of a row in several of them must be the same.</summary>
    private void ReadAll(ReadOnlyMemory<byte> text, ReplyJoin join)
    {
        var found = JsonFinder.Find(text.Span, _isRowsReserved, out var isThinking);
        if (isThinking) join.Tell("the reply ends within its thinking");
        if (found.Count == 0) join.Tell(text.Span.Trim("\uFEFF \t\r\n"u8).IsEmpty ? "the reply is empty" : "the reply holds no JSON");
        var parts = new WholeParts(text, IsOfAnswer);
        var hasSingle = false;
        foreach (var (start, skip, trust) in found)
        {
            var isWhole = skip.IsWhole && skip.Depth <= JsonFinder.MaxDepth;
            if (!isWhole) join.Tell(Broken);
            // In a row with single answers a broken object may be one as well, and what it holds a part of it.
            join.IsDoubtful = !isWhole && text.Span[start] == '{' && IsInRow(text.Span[..start], trust, hasSingle);
            // What the skipper calls whole the parser takes: they speak the same grammar.
            using var document = JsonDocument.Parse(isWhole ? text[start..skip.End] : parts.Of(start, trust == JsonTrust.Part), s_options);
            var root = document.RootElement;
            hasSingle |= !isWhole && parts.IsSingle;
            // A part of an answer may look like one; a reply's wrapper is none.
            var isReply = trust == JsonTrust.Part && HasMember(root, "rows"u8) && !IsAnswer(root);
            if (isReply || trust is JsonTrust.Free or JsonTrust.Rows) hasSingle |= ReadDocument(root, join, isAlone: found.Count == 1);
            else join.Tell(Broken);
        }
    }

    /// <summary>Whether it is a single answer.</summary>
    private bool ReadDocument(JsonElement root, ReplyJoin join, bool isAlone)
    {
        if (root.ValueKind == JsonValueKind.Array)
        {
            // In prose, a footnote's [1] is no answer without an id.
            if (isAlone || root.EnumerateArray().Any(e => e.ValueKind == JsonValueKind.Object)) ReadEntries(root, join);
            return false;
        }

        bool hasRows = false, hasId = false, isKeyed = false;
        foreach (var member in root.EnumerateObject())
        {
            if (Is(member, "rows"u8)) hasRows |= member.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object;
            else if (Is(member, "id"u8)) hasId = true;
            else isKeyed |= _isKeyable && member.Value.ValueKind == JsonValueKind.Object && KeyOf(member) is not null;
        }

        // With something of an answer and an id, or all of an answer, it is one, whatever else it holds.
        var isAnswer = hasRows && IsAnswer(root) && (hasId || Check(root).Error is null);
        var isSingle = hasRows ? isAnswer || (hasId && _isRowsProperty) : hasId;
        if (isSingle) ReadEntry(root, null, join);
        else if (hasRows) ReadRows(root, join);
        else if (isKeyed) ReadKeyed(root, join);
        else ReadRenamed(root, join);
        return isSingle;
    }

    private void ReadRows(JsonElement root, ReplyJoin join)
    {
        foreach (var member in root.EnumerateObject())
        {
            if (!Is(member, "rows"u8)) continue;
            if (member.Value.ValueKind == JsonValueKind.Array) ReadEntries(member.Value, join);
            else if (member.Value.ValueKind == JsonValueKind.Object && HasMember(member.Value, "id"u8)) ReadEntry(member.Value, null, join);
            else ReadKeyed(member.Value, join);
        }
    }

    private void ReadEntries(JsonElement entries, ReplyJoin join)
    {
        foreach (var entry in entries.EnumerateArray()) ReadEntry(entry, null, join);
    }

    private void ReadKeyed(JsonElement entries, ReplyJoin join)
    {
        var any = false;
        if (entries.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in entries.EnumerateObject())
            {
                any = true;
                if (_isKeyable && KeyOf(member) is { } key) ReadEntry(member.Value, key, join);
                else join.WithoutId();
            }
        }

        if (!any) join.Tell(NoRows);
    }

    /// <summary>The wrapper under another name: the only array of objects with ids, or the only object with rows, that is no property of an answer.</summary>
    private void ReadRenamed(JsonElement root, ReplyJoin join)
    {
        JsonElement wrapper = default;
        var wrappers = 0;
        var isAnswer = false;
        foreach (var member in root.EnumerateObject())
        {
            if (IsProperty(member))
            {
                isAnswer = true;
                continue;
            }

            var value = member.Value;
            var isWrapper = value.ValueKind == JsonValueKind.Array
                ? value.EnumerateArray().Any(e => HasMember(e, "id"u8))
                : HasMember(value, "rows"u8) && !IsAnswer(value);
            if (!isWrapper) continue;
            wrapper = value;
            wrappers++;
        }

        if (wrappers == 1 && !isAnswer && wrapper.ValueKind == JsonValueKind.Array) ReadEntries(wrapper, join);
        else if (wrappers == 1 && !isAnswer) ReadRows(wrapper, join);
        else if (isAnswer) join.WithoutId();
        else join.Tell(NoRows);
    }

    /// <summary>One answer.</summary>
    /// <param name="entry">What should be an object with an id.</param>
    /// <param name="key">The id it stands under in an object keyed by id; null elsewhere.</param>
    /// <param name="join">Receives it.</param>
    private void ReadEntry(JsonElement entry, int? key, ReplyJoin join)
    {
        var id = key;
        var abstentions = 0;
        JsonElement why = default;
        if (entry.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in entry.EnumerateObject())
            {
                var name = JsonMarshal.GetRawUtf8PropertyName(member);
                if (Is(name, "id"u8))
                {
                    // In an object keyed by id, a null leaves the key to speak.
                    if (key is not null && member.Value.ValueKind == JsonValueKind.Null) continue;
                    var read = ReplyIds.Of(member.Value);
                    if (id is not null && read != id)
                    {
                        join.Contradicts(id.Value, read);
                        return;
                    }

                    if (read is null)
                    {
                        join.WithoutId();
                        return;
                    }

                    id = read;
                }
                else if (_abstain && Is(name, "abstain"u8))
                {
                    abstentions++;
                    why = member.Value;
                }
            }
        }

        if (id is null) join.WithoutId();
        else if (join.Knows(id.Value)) ReadAnswer(entry, id.Value, why, abstentions, join);
    }

    private void ReadAnswer(JsonElement entry, int id, JsonElement why, int abstentions, ReplyJoin join)
    {
        if (abstentions > 1)
        {
            join.Put(id, new RowReading(RowReadingKind.Invalid, default, "abstain: stands there twice"));
            return;
        }

        if (why.ValueKind == JsonValueKind.String)
        {
            if (!JsonStrings.TryContent(why, out var reason) || !Utf8.IsValid(reason))
            {
                join.Put(id, new RowReading(RowReadingKind.Invalid, default, BrokenText));
                return;
            }

            var words = Encoding.UTF8.GetString(reason).Trim();
            if (words.Length > 0)
            {
                join.Put(id, new RowReading(RowReadingKind.Abstained, CompactJson.Quote(words), null));
                return;
            }
        }

        var check = Check(entry);
        if (check.Error is not null)
        {
            join.Put(id, new RowReading(RowReadingKind.Invalid, default, check.Error));
            return;
        }

        // An empty abstention is the reply schema's own, not an extra.
        var mends = check.Mends with { Extras = Math.Max(0, check.Mends.Extras - abstentions) };
        join.Put(id, new RowReading(RowReadingKind.Answered, check.Json, null), mends);
    }

    private AnswerCheck Check(JsonElement entry)
    {
        try
        {
            return _schema.Mend(entry);
        }
        catch (InvalidOperationException)
        {
            // What the parser throws when it compares a string that is not text: half of a surrogate pair.
            return new AnswerCheck(default, BrokenText);
        }
    }

    /// <summary>Whether an object holds something of an answer, "rows" apart.</summary>
    private bool IsAnswer(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) return false;
        foreach (var member in root.EnumerateObject())
            if (JsonStrings.TryName(member, out var name) && !name.SequenceEqual("rows"u8) && IsOfAnswer(name)) return true;
        return false;
    }

    private bool IsProperty(JsonProperty member) => JsonStrings.TryName(member, out var name) && IsProperty(name);

    private bool IsProperty(ReadOnlySpan<byte> name) => Utf8.IsValid(name) && _schema.Properties.Contains(Encoding.UTF8.GetString(name));

    /// <summary>Whether a name is one of an answer's own, its id apart.</summary>
    private bool IsOfAnswer(ReadOnlySpan<byte> name) => IsProperty(name) || (_abstain && name.SequenceEqual("abstain"u8));

    /// <summary>Whether a comma stands right before, or the end of an object where there are single answers: no prose and no fence.</summary>
    private static bool IsInRow(ReadOnlySpan<byte> before, JsonTrust trust, bool hasSingle) =>
        before.TrimEnd(" \t\r\n"u8) is [.., var last] && (last == '}' ? hasSingle : last == ',' && (hasSingle || trust == JsonTrust.Part));

    private static int? KeyOf(JsonProperty member) => JsonStrings.TryName(member, out var name) ? ReplyIds.Of(name) : null;

    private static bool HasMember(JsonElement element, ReadOnlySpan<byte> name)
    {
        if (element.ValueKind != JsonValueKind.Object) return false;
        foreach (var member in element.EnumerateObject())
            if (Is(member, name)) return true;
        return false;
    }

    /// <summary>Whether a member has a name, also when it is written with escapes.</summary>
    private static bool Is(JsonProperty member, ReadOnlySpan<byte> name) => Is(JsonMarshal.GetRawUtf8PropertyName(member), name);

    private static bool Is(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> name) =>
        raw.SequenceEqual(name) || (raw.Contains((byte)'\\') && JsonStrings.TryUnescape(raw, out var unescaped) && unescaped.SequenceEqual(name));
}
