using System.Text.Json;
using System.Text.Unicode;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Protocol;

/// <summary>Reads a request's body as strictly as the provider does.</summary>
internal sealed class ChatRequestReader(Dialect dialect, SchemaLibrary schemas)
{
    private readonly ResponseFormatReader _formats = new(dialect, schemas);

    /// <summary>The request, or the first mistake.</summary>
    public (ChatRequest? Request, ErrorReply? Error) Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span)) return (null, dialect.BadJson());
        try
        {
            using var document = JsonDocument.Parse(body, Json.Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement) : (null, dialect.BadJson());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped half of a surrogate pair, which no string can hold.
            return (null, dialect.BadJson());
        }
    }

    private (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body)
    {
        if (FieldCheck.Check(dialect, body) is { } misfit) return (null, misfit);
        if (!body.TryGetProperty("model", out var model) || model.ValueKind == JsonValueKind.Null) return (null, dialect.Missing("model"));
        if (model.ValueKind != JsonValueKind.String) return (null, dialect.WrongType("model", "a string", Json.TypeName(model)));
        var name = model.GetString()!;
        if (name.Length == 0) return (null, dialect.Missing("model"));

        var (messages, flaw) = MessageReader.Read(dialect, body);
        if (flaw is not null) return (null, flaw);
        if (dialect.RefusedByModel(body, name) is { } refused) return (null, refused);
        var (form, mistake) = _formats.Read(body, messages);
        if (mistake is not null) return (null, mistake);

        var completion = dialect.ReadsMaxCompletionTokens ? Integer(body, "max_completion_tokens") : null;
        return (new ChatRequest
        {
            Model = name,
            Messages = messages,
            Form = form,
            MaxTokens = completion ?? Integer(body, "max_tokens"),
            Choices = dialect.Fields.ContainsKey("n") ? Integer(body, "n") ?? 1 : 1,
            ServiceTier = dialect.Fields.ContainsKey("service_tier") && body.TryGetProperty("service_tier", out var tier) ? tier.GetString() : null,
        }, null);
    }

    private static int? Integer(JsonElement body, string field) =>
        body.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number
            ? (int)Math.Clamp(value.GetInt64(), int.MinValue, int.MaxValue)
            : null;
}
