using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Schemas;

/// <summary>The schemas seen so far, checked and compiled once: every request of a job carries the same one. Safe for concurrent use.</summary>
internal sealed class SchemaLibrary
{
    private const int Capacity = 256;

    private readonly ConcurrentDictionary<(ulong, int, SchemaRules), (ReplyShape Shape, SchemaFlaw? Flaw)> _sent = new();
    private readonly ConcurrentDictionary<(ulong, int), ReplyShape> _told = new();

    /// <summary>The shape of a schema that came with a request, and its first flaw under the rules it must keep.</summary>
    public (ReplyShape Shape, SchemaFlaw? Flaw) Sent(JsonElement schema, SchemaRules rules)
    {
        var raw = schema.GetRawText();
        var key = (Mix.Hash(raw), raw.Length, rules);
        if (_sent.TryGetValue(key, out var known)) return known;
        if (_sent.Count >= Capacity) _sent.Clear();
        return _sent[key] = (ReplyShape.Of(SchemaCompiler.Compile(schema), bare: false), Check(schema, rules));
    }

    /// <summary>The shape of the first JSON Schema in a system message; free when it holds none.</summary>
    public ReplyShape Told(string system)
    {
        var key = (Mix.Hash(system), system.Length);
        if (_told.TryGetValue(key, out var known)) return known;
        if (_told.Count >= Capacity) _told.Clear();
        return _told[key] = Search(system);
    }

    private static SchemaFlaw? Check(JsonElement schema, SchemaRules rules) => rules switch
    {
        SchemaRules.OpenAiStrict => StrictSchema.Check(schema),
        SchemaRules.Anthropic => AnthropicSchema.Check(schema),
        SchemaRules.GeminiJson => GeminiSchema.Check(schema),
        _ => null,
    };

    private static ReplyShape Search(string text)
    {
        ReplyShape? bare = null;
        foreach (var document in JsonInText.Objects(Encoding.UTF8.GetBytes(text)))
        {
            using (document)
            {
                var root = document.RootElement;
                var isSchema = root.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object;
                if (!isSchema && !root.TryGetProperty("$defs", out _)) continue;
                var shape = ReplyShape.Of(SchemaCompiler.Compile(root), bare: true);
                if (shape.Whole is not null) return shape;
                bare ??= shape;
            }
        }

        return bare ?? ReplyShape.Free;
    }
}

/// <summary>Whose rules a schema must keep.</summary>
internal enum SchemaRules
{
    /// <summary>None: what is not known is ignored.</summary>
    None,

    /// <summary>OpenAI's <c>strict: true</c>.</summary>
    OpenAiStrict,

    /// <summary>Anthropic's <c>output_config.format</c>, and its strict tools.</summary>
    Anthropic,

    /// <summary>Gemini's <c>responseJsonSchema</c>.</summary>
    GeminiJson,

    /// <summary>Gemini's <c>responseSchema</c>, whose fields were checked before.</summary>
    GeminiOpenApi,
}
