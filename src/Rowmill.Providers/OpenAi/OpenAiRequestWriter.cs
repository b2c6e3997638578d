using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.OpenAi;

/// <summary>
/// Writes request bodies. All but the user message and the output limit is the same for every request of a job, so it is encoded
/// once and kept; safe for concurrent use.
/// </summary>
internal sealed class OpenAiRequestWriter(string model)
{
    // Jobs that share a client, and the lesser forms one falls back to.
    private const int Kept = 8;

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private Envelope[] _envelopes = [];

    /// <summary>Writes the body of a request, with its output limit under the given name.</summary>
    public void Write(PooledBuffer body, ModelRequest request, string outputLimit)
    {
        var envelope = For(request);
        body.GetSpan(envelope.Head.Length + envelope.Tail.Length + request.User.Length + request.User.Length / 4 + 64);
        body.Append(envelope.Head);
        AppendEscaped(body, request.User.Span);
        body.Append(envelope.Tail);
        body.Append(",\""u8);
        body.Advance(Encoding.ASCII.GetBytes(outputLimit, body.GetSpan(outputLimit.Length)));
        body.Append("\":"u8);
        Utf8Formatter.TryFormat(request.MaxOutputTokens, body.GetSpan(16), out var digits);
        body.Advance(digits);
        body.Append("}"u8);
    }

    /// <summary>What the schema sent does not say.</summary>
    public IReadOnlyList<string> SchemaLosses(ModelRequest request) => For(request).Losses;

    private static void AppendEscaped(PooledBuffer body, ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var status = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, body.GetSpan(32), out var read, out var written);
            body.Advance(written);
            text = text[read..];
            if (status is OperationStatus.Done) return;
            body.GetSpan(text.Length + text.Length / 2 + 32);
        }
    }

    private Envelope For(ModelRequest request)
    {
        var known = Volatile.Read(ref _envelopes);
        foreach (var envelope in known)
            if (envelope.Fits(request)) return envelope;
        var made = Envelope.Of(model, request);
        // A race loses one entry, which is made again.
        Volatile.Write(ref _envelopes, [made, .. known.Take(Kept - 1)]);
        return made;
    }

    private sealed record Envelope(byte[] Head, byte[] Tail, IReadOnlyList<string> Losses)
    {
        public required string System { get; init; }

        public required ReadOnlyMemory<byte> Schema { get; init; }

        public required StructuredOutput Form { get; init; }

        public required SamplingOptions Sampling { get; init; }

        public static Envelope Of(string model, ModelRequest request)
        {
            var strict = request.Form is StructuredOutput.StrictSchema ? StrictSchema.Of(request.ReplySchema) : null;
            var bytes = new ArrayBufferWriter<byte>();
            using var json = new Utf8JsonWriter(bytes, s_options);
            json.WriteStartObject();
            json.WriteString("model"u8, model);
            json.WriteStartArray("messages"u8);
            json.WriteStartObject();
            json.WriteString("role"u8, "system"u8);
            json.WriteString("content"u8, request.System);
            json.WriteEndObject();
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            json.WritePropertyName("content"u8);
            json.Flush();
            var head = bytes.WrittenCount + 1; // behind the quote the user message begins with
            json.WriteStringValue(""u8);
            json.WriteEndObject();
            json.WriteEndArray();
            WriteForm(json, request, strict);
            WriteSampling(json, request.Sampling);
            json.Flush();
            return new Envelope(bytes.WrittenSpan[..head].ToArray(), bytes.WrittenSpan[head..].ToArray(), strict?.Losses ?? [])
            {
                System = request.System,
                Schema = request.ReplySchema.ToArray(),
                Form = request.Form,
                Sampling = request.Sampling,
            };
        }

        public bool Fits(ModelRequest request) =>
            request.Form == Form
            && request.Sampling == Sampling
            && request.System == System
            && request.ReplySchema.Span.SequenceEqual(Schema.Span);

        private static void WriteForm(Utf8JsonWriter json, ModelRequest request, StrictSchema? strict)
        {
            if (request.Form is StructuredOutput.Text) return;
            json.WriteStartObject("response_format"u8);
            if (request.Form is StructuredOutput.JsonMode)
            {
                json.WriteString("type"u8, "json_object"u8);
            }
            else
            {
                json.WriteString("type"u8, "json_schema"u8);
                json.WriteStartObject("json_schema"u8);
                json.WriteString("name"u8, "rows"u8);
                json.WriteBoolean("strict"u8, strict is not null);
                json.WritePropertyName("schema"u8);
                if (strict is null) json.WriteRawValue(request.ReplySchema.Span);
                else strict.Json.WriteTo(json);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        private static void WriteSampling(Utf8JsonWriter json, SamplingOptions sampling)
        {
            if (sampling.Temperature is { } temperature) json.WriteNumber("temperature"u8, temperature);
            if (sampling.TopP is { } topP) json.WriteNumber("top_p"u8, topP);
            if (sampling.Seed is { } seed) json.WriteNumber("seed"u8, seed);
            if (sampling.ReasoningEffort is { } effort) json.WriteString("reasoning_effort"u8, effort);
        }
    }
}
