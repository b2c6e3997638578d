using System.Text.Json;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's form of a chat: <c>POST /v1/chat/completions</c>.</summary>
internal sealed class CompletionsWire(CompatibleDialect dialect, SchemaLibrary schemas) : ChatWire
{
    private readonly ResponseFormatReader _formats = new(dialect, schemas);

    public override (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place)
    {
        if (FieldCheck.Check(dialect, dialect.Fields, body) is { } misfit) return (null, misfit);
        var name = place.Model ?? "";
        if (Json.Has(body, "model", out var model))
        {
            if (model.ValueKind != JsonValueKind.String) return (null, dialect.WrongType("model", "a string", Json.TypeName(model)));
            if (name.Length == 0) name = dialect.ModelOf(model.GetString()!);
        }

        if (name.Length == 0 && dialect.WantsModel) return (null, dialect.Missing("model"));
        var (messages, flaw) = MessageReader.Read(dialect, body);
        if (flaw is not null) return (null, flaw);
        if (dialect.RefusedByModel(body, name, place) is { } refused) return (null, refused);
        var (form, mistake) = _formats.Read(body, messages);
        if (mistake is not null) return (null, mistake);

        var completion = dialect.ReadsMaxCompletionTokens ? Json.Integer(body, "max_completion_tokens") : null;
        var tier = dialect.Fields.ContainsKey("service_tier") && Json.Has(body, "service_tier", out var asked) ? asked.GetString() : null;
        return (new ChatRequest
        {
            Model = name,
            Messages = messages,
            Form = form,
            MaxTokens = completion ?? Json.Integer(body, "max_tokens"),
            Choices = dialect.Fields.ContainsKey("n") ? Json.Integer(body, "n") ?? 1 : 1,
            ServiceTier = tier,
            MaxThoughts = Json.Has(body, "reasoning_effort", out var effort) && effort.ValueKind == JsonValueKind.String && effort.ValueEquals("none") ? 0 : null,
            ShowsThoughts = !(Json.Has(body, "include_reasoning", out var include) && include.ValueKind == JsonValueKind.False),
            CutsLongPrompt = dialect.CutsLongPrompts,
        }, null);
    }

    public override ReadOnlyMemory<byte> Write(Spoken spoken) => CompletionBody.Write(dialect, spoken);
}
