using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Ollama;

/// <summary>Ollama's form of vectors: <c>POST /api/embed</c>.</summary>
internal sealed class OllamaEmbedWire(OllamaDialect dialect, SimulatorOptions options) : EmbedWire
{
    /// <summary>What most models for vectors hold, when the options name no context.</summary>
    private const int ModelContext = 2048;

    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Text,
        ["truncate"] = FieldRule.Boolean,
        ["dimensions"] = FieldRule.Integer(),
        ["options"] = FieldRule.Map,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>As nomic-embed-text has them.</summary>
    public override int Dimensions => 768;

    public override (EmbedRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place)
    {
        if (FieldCheck.Check(dialect, s_fields, body) is { } misfit) return (null, misfit);
        if (!Json.Has(body, "model", out var model) || model.GetString()!.Length == 0) return (null, dialect.Missing("model"));
        var inputs = new List<string>();
        if (Json.Has(body, "input", out var input))
        {
            if (input.ValueKind == JsonValueKind.String) inputs.Add(input.GetString()!);
            else if (input.ValueKind != JsonValueKind.Array || input.EnumerateArray().Any(i => i.ValueKind != JsonValueKind.String))
            {
                return (null, dialect.Refuse("invalid input type"));
            }
            else
            {
                inputs.AddRange(input.EnumerateArray().Select(i => i.GetString()!));
            }
        }

        // Nothing to embed is no mistake.
        if (inputs is [""]) inputs.Clear();
        var context = options.ContextTokens ?? ModelContext;
        var tokens = inputs.ConvertAll(i => Tokens.Of(Encoding.UTF8.GetByteCount(i)));
        var truncates = !(Json.Has(body, "truncate", out var flag) && flag.ValueKind == JsonValueKind.False);
        if (!truncates && tokens.Any(t => t > context)) return (null, dialect.Refuse("the input length exceeds the context length"));
        return (new EmbedRequest(OllamaWire.NameOf(model.GetString()!), inputs, tokens.ConvertAll(t => Math.Min(t, context)))
        {
            Dimensions = Json.Integer(body, "dimensions") is > 0 and var wanted ? wanted : null,
        }, null);
    }

    public override ReadOnlyMemory<byte> Write(EmbedRequest request, Place place, IReadOnlyList<Embedded> vectors, Bill bill, TimeSpan took) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("model", "simulated");
        writer.WriteStartArray("embeddings");
        foreach (var (_, vector) in vectors) Vector(writer, vector);
        writer.WriteEndArray();
        if (took > TimeSpan.Zero) writer.WriteNumber("total_duration", took.Ticks * 100);
        if (bill.Prompt > 0) writer.WriteNumber("prompt_eval_count", bill.Prompt);
        writer.WriteEndObject();
    });
}
