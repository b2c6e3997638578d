using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Reads content, a string or blocks of text, and remembers up to where it may be cached. One for each request.</summary>
internal sealed class ContentReader(AnthropicDialect dialect)
{
    private const int MostMarks = 4;

    private static readonly FrozenDictionary<string, FieldRule> s_block = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["type"] = FieldRule.Text,
        ["text"] = FieldRule.Text,
        ["cache_control"] = FieldRule.Map,
        ["citations"] = FieldRule.Any,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, FieldRule> s_mark = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["type"] = FieldRule.Choice("ephemeral"),
        ["ttl"] = FieldRule.Choice("5m", "1h"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly StringBuilder _all = new();
    private string? _prefix;
    private int _marks;
    private bool _hour;

    /// <summary>What the request marked; an empty prefix, which is never cached, when it marked nothing.</summary>
    public CachedPrefix Cache => new(_prefix ?? "", _hour ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(5), Asked: true);

    /// <summary>The instruction, which is a field of its own.</summary>
    public ErrorReply? System(JsonElement body, List<ChatMessage> messages)
    {
        if (!Json.Has(body, "system", out var system)) return null;
        var (text, flaw) = Read(system, "system", "system");
        if (flaw is null && text.Length > 0) messages.Add(new ChatMessage("system", text));
        return flaw;
    }

    /// <summary>The text of one content.</summary>
    /// <param name="content">The content.</param>
    /// <param name="path">Its place.</param>
    /// <param name="whole">What errors about empty text call it.</param>
    public (string Text, ErrorReply? Error) Read(JsonElement content, string path, string whole)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            var text = content.GetString()!;
            _all.Append(text);
            return text.Length == 0 && whole == "messages" ? ("", dialect.Refuse($"{path}: text content must be non-empty")) : (text, null);
        }

        if (content.ValueKind != JsonValueKind.Array) return ("", dialect.WrongType(path, "a list", Json.TypeName(content)));
        var texts = new StringBuilder();
        var index = 0;
        foreach (var block in content.EnumerateArray())
        {
            var (text, flaw) = Block(block, $"{path}.{index++}", whole);
            if (flaw is not null) return ("", flaw);
            texts.Append(text);
        }

        return (texts.ToString(), null);
    }

    /// <summary>Reads a mark of the cache, wherever it stands.</summary>
    public ErrorReply? Mark(JsonElement block, string path)
    {
        if (!Json.Has(block, "cache_control", out var mark)) return null;
        var place = $"{path}.cache_control";
        if (mark.ValueKind != JsonValueKind.Object) return dialect.WrongType(place, "an object", Json.TypeName(mark));
        var wrong = FieldCheck.Check(dialect, s_mark, mark, place) ?? FieldCheck.Required(dialect, mark, place, "type");
        if (wrong is not null) return wrong;
        if (++_marks > MostMarks)
        {
            return dialect.Refuse($"A maximum of {MostMarks} blocks with cache_control may be provided. Found {_marks}.");
        }

        _hour = Json.Has(mark, "ttl", out var ttl) && ttl.ValueEquals("1h");
        _prefix = _all.ToString();
        return null;
    }

    /// <summary>Text of the prompt that is no message, such as a tool's.</summary>
    public void Add(string text) => _all.Append(text);

    private (string Text, ErrorReply? Error) Block(JsonElement block, string path, string whole)
    {
        if (block.ValueKind != JsonValueKind.Object) return ("", dialect.WrongType(path, "an object", Json.TypeName(block)));
        if (!Json.Has(block, "type", out var type)) return ("", dialect.Missing($"{path}.type"));
        if (type.ValueKind != JsonValueKind.String || !type.ValueEquals("text")) return ("", dialect.NotSimulated($"{path}.type"));
        var place = $"{path}.text";
        var wrong = FieldCheck.Check(dialect, s_block, block, place) ?? FieldCheck.Required(dialect, block, place, "text");
        if (wrong is not null) return ("", wrong);
        var text = block.GetProperty("text").GetString()!;
        if (text.Length == 0)
        {
            return ("", dialect.Refuse(Json.Has(block, "cache_control", out _)
                ? $"{place}: cache_control cannot be set for empty text blocks"
                : $"{whole}: text content blocks must be non-empty"));
        }

        _all.Append(text);
        return (text, Mark(block, place));
    }
}
