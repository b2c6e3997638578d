using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Schemas;

/// <summary>The schemas seen so far, checked and compiled once: every request of a job carries the same one. Safe for concurrent use.</summary>
internal sealed class SchemaLibrary
{
    private const int Capacity = 256;

    private readonly ConcurrentDictionary<(ulong, int, bool), (ReplyShape Shape, SchemaFlaw? Flaw)> _sent = new();
    private readonly ConcurrentDictionary<(ulong, int), ReplyShape> _told = new();

    /// <summary>The shape of a schema in <c>response_format</c>, and its flaw when it was to be strict.</summary>
    public (ReplyShape Shape, SchemaFlaw? Flaw) Sent(JsonElement schema, bool strict)
    {
        var raw = schema.GetRawText();
        var key = (Mix.Hash(raw), raw.Length, strict);
        if (_sent.TryGetValue(key, out var known)) return known;
        if (_sent.Count >= Capacity) _sent.Clear();
        return _sent[key] = (ReplyShape.Of(SchemaCompiler.Compile(schema), bare: false), strict ? StrictSchema.Check(schema) : null);
    }

    /// <summary>The shape of the first JSON Schema in a system message; free when it holds none.</summary>
    public ReplyShape Told(string system)
    {
        var key = (Mix.Hash(system), system.Length);
        if (_told.TryGetValue(key, out var known)) return known;
        if (_told.Count >= Capacity) _told.Clear();
        return _told[key] = Search(system);
    }

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
