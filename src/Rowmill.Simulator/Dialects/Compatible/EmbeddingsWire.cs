using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's form of vectors: <c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingsWire(CompatibleDialect dialect) : EmbedWire
{
    private const int MostInputs = 2048, MostTokens = 8192, MostTokensTogether = 300_000;

    private static readonly FrozenDictionary<string, FieldRule> s_fields = new Dictionary<string, FieldRule>(StringComparer.Ordinal)
    {
        ["model"] = FieldRule.Text,
        ["input"] = FieldRule.Any,
        ["encoding_format"] = FieldRule.Choice("float", "base64"),
        ["dimensions"] = FieldRule.Integer(1),
        ["user"] = FieldRule.Text,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>As text-embedding-3-small has them.</summary>
    public override int Dimensions => 1536;

    public override bool TellsIndex => true;

    public override (EmbedRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place)
    {
        if (FieldCheck.Check(dialect, s_fields, body) is { } misfit) return (null, misfit);
        if (place.Model is null && FieldCheck.Required(dialect, body, "", "model") is { } missing) return (null, missing);
        if (FieldCheck.Required(dialect, body, "", "input") is { } without) return (null, without);
        var model = place.Model ?? dialect.ModelOf(body.GetProperty("model").GetString()!);
        if (Inputs(body.GetProperty("input")) is not { Count: > 0 } inputs || inputs.Any(i => i.Tokens == 0)) return (null, Invalid());
        if (inputs.Count > MostInputs)
        {
            return (null, ErrorReply.Bad(
                $"Invalid 'input': array too long. Expected an array with maximum length {MostInputs}, but got an array with length {inputs.Count} instead.",
                "input",
                "array_above_max_length"));
        }

        if (inputs.Max(i => i.Tokens) is > MostTokens and var longest)
        {
            return (null, ErrorReply.Bad(
                $"This model's maximum context length is {MostTokens} tokens, however you requested {longest} tokens ({longest} in your prompt; "
                + "0 for the completion). Please reduce your prompt; or completion length."));
        }

        if (inputs.Sum(i => (long)i.Tokens) > MostTokensTogether)
        {
            return (null, ErrorReply.Bad(
                $"Invalid 'input': maximum request size is {MostTokensTogether} tokens per request.", "input", "max_tokens_per_request"));
        }

        var base64 = Json.Has(body, "encoding_format", out var format) && format.ValueEquals("base64");
        return (new EmbedRequest(model, [.. inputs.Select(i => i.Text)], [.. inputs.Select(i => i.Tokens)])
        {
            Dimensions = Json.Integer(body, "dimensions"),
            Base64 = base64,
        }, null);
    }

    public override ReadOnlyMemory<byte> Write(EmbedRequest request, Place place, IReadOnlyList<Embedded> vectors, Bill bill, TimeSpan took) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var (index, vector) in vectors)
        {
            writer.WriteStartObject();
            writer.WriteString("object", "embedding");
            writer.WriteNumber("index", index);
            writer.WritePropertyName("embedding");
            if (request.Base64) writer.WriteBase64StringValue(MemoryMarshal.AsBytes<float>(vector));
            else Vector(writer, vector);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("model", "simulated");
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", bill.Prompt);
        writer.WriteNumber("total_tokens", bill.Prompt);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary>A string, strings, tokens, or lists of tokens; null for anything else.</summary>
    private static List<(string Text, int Tokens)>? Inputs(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String) return [One(input.GetString()!)];
        if (input.ValueKind != JsonValueKind.Array) return null;
        if (input.GetArrayLength() > 0 && input[0].ValueKind == JsonValueKind.Number) return Numbers(input) is { } only ? [only] : null;
        var inputs = new List<(string, int)>();
        foreach (var item in input.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String) inputs.Add(One(item.GetString()!));
            else if (Numbers(item) is { } tokens) inputs.Add(tokens);
            else return null;
        }

        return inputs;
    }

    private static (string Text, int Tokens) One(string text) => (text, Tokens.Of(Encoding.UTF8.GetByteCount(text)));

    private static (string Text, int Tokens)? Numbers(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(t => t.ValueKind != JsonValueKind.Number || !t.TryGetInt32(out _))) return null;
        return (string.Join(' ', list.EnumerateArray().Select(t => t.GetInt32().ToString(CultureInfo.InvariantCulture))), list.GetArrayLength());
    }

    private static ErrorReply Invalid() => ErrorReply.Bad(
        "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.");
}
