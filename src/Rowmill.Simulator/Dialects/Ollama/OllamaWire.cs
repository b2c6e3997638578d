using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Rowmill.Simulator.Faults;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Ollama;

/// <summary>Ollama's own form of a chat: <c>POST /api/chat</c>, in pieces unless it is told not to.</summary>
internal sealed class OllamaWire(OllamaDialect dialect, SchemaLibrary schemas, SimulatorOptions options) : ChatWire
{
    /// <summary>The context when a request names none, with less than 24 GiB of video memory.</summary>
    public const int DefaultContext = 4096;

    /// <summary>The bytes of one piece of a streamed text; half a character is never sent.</summary>
    private const int Piece = 48;

    private static readonly FrozenDictionary<string, FieldRule> s_fields = Rules(
        ("model", FieldRule.Text), ("stream", FieldRule.Boolean), ("options", FieldRule.Map), ("truncate", FieldRule.Boolean),
        ("shift", FieldRule.Boolean), ("logprobs", FieldRule.Boolean));

    private static readonly FrozenDictionary<string, FieldRule> s_message = Rules(("role", FieldRule.Text), ("content", FieldRule.Text));

    /// <summary>The options that have a type; all others are ignored.</summary>
    private static readonly FrozenDictionary<string, bool> s_whole = new Dictionary<string, bool>(StringComparer.Ordinal)
    {
        ["num_ctx"] = true,
        ["num_predict"] = true,
        ["seed"] = true,
        ["top_k"] = true,
        ["num_gpu"] = true,
        ["num_batch"] = true,
        ["temperature"] = false,
        ["top_p"] = false,
        ["min_p"] = false,
        ["repeat_penalty"] = false,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A model's name; the tag for the latest one goes without saying.</summary>
    public static string NameOf(string name) => name.EndsWith(":latest", StringComparison.Ordinal) ? name[..^":latest".Length] : name;

    public override string ContentType(ChatRequest request) => request.Streams ? "application/x-ndjson" : "application/json; charset=utf-8";

    public override (ChatRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place)
    {
        if (FieldCheck.Check(dialect, s_fields, body) is { } misfit) return (null, misfit);
        if (!Json.Has(body, "model", out var model) || model.GetString()!.Length == 0) return (null, dialect.Missing("model"));
        var (messages, flaw) = Messages(body);
        if (flaw is not null) return (null, flaw);
        if (Json.Has(body, "tools", out var tools) && tools.ValueKind == JsonValueKind.Array && tools.GetArrayLength() > 0)
        {
            return (null, dialect.NotSimulated("tools"));
        }

        var name = NameOf(model.GetString()!);
        var (form, wrong) = Form(body);
        if (wrong is not null) return (null, wrong);
        var (think, refused) = Think(body, name);
        if (refused is not null) return (null, refused);
        var chosen = Json.Has(body, "options", out var given) ? given : default;
        if (chosen.ValueKind == JsonValueKind.Object && Option(chosen) is { } option) return (null, option);
        var context = Math.Min(Number(chosen, "num_ctx") is > 0 and var asked ? asked : DefaultContext, options.ContextTokens ?? OllamaModels.ModelContext);
        // Older versions do not know these two and cut all the same.
        var (truncates, shifts) = options.OldServer ? (true, true) : (!IsFalse(body, "truncate"), !IsFalse(body, "shift"));
        var request = new ChatRequest
        {
            Model = name,
            Messages = messages,
            Form = form,
            MaxTokens = Number(chosen, "num_predict"),
            MaxThoughts = think == false ? 0 : null,
            ShowsThoughts = think != false,
            Streams = !IsFalse(body, "stream"),
            ContextTokens = context,
            CutsLongPrompt = truncates || shifts,
        };
        if (messages.Count == 0) return (null, Loaded(request));
        return shifts ? (request, null) : (request with { MaxTokens = Within(request.MaxTokens, context - request.PromptTokens) }, null);
    }

    public override ReadOnlyMemory<byte> Write(Spoken spoken)
    {
        var text = spoken.Completion.Text ?? ReadOnlyMemory<byte>.Empty;
        var thoughts = spoken.Request.ShowsThoughts ? spoken.Completion.Thoughts : null;
        var buffer = new ArrayBufferWriter<byte>(512 + text.Length * (spoken.Request.Streams ? 4 : 1));
        using var writer = new Utf8JsonWriter(buffer, Json.Relaxed);
        if (!spoken.Request.Streams)
        {
            Line(writer, spoken, text, thoughts, done: true);
            writer.Flush();
            return buffer.WrittenMemory;
        }

        if (thoughts is not null) Next(default, thoughts, done: false);
        for (var at = 0; at < text.Length;)
        {
            // A character of four bytes always fits into a piece.
            var piece = TextFaults.Cut(text[at..], Piece);
            Next(piece, null, done: false);
            at += piece.Length;
        }

        Next(default, null, done: true);
        return buffer.WrittenMemory;

        void Next(ReadOnlyMemory<byte> piece, string? thought, bool done)
        {
            Line(writer, spoken, piece, thought, done);
            writer.Flush();
            buffer.Write("\n"u8);
            writer.Reset();
        }
    }

    private static void Line(Utf8JsonWriter writer, Spoken spoken, ReadOnlyMemory<byte> text, string? thoughts, bool done)
    {
        writer.WriteStartObject();
        writer.WriteString("model", "simulated");
        writer.WriteString("created_at", spoken.At.UtcDateTime);
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        writer.WriteString("content", text.Span);
        if (thoughts is not null) writer.WriteString("thinking", thoughts);
        writer.WriteEndObject();
        writer.WriteBoolean("done", done);
        if (done)
        {
            writer.WriteString("done_reason", spoken.Completion.Ending == Ending.Length ? "length" : "stop");
            var took = spoken.Took.Ticks * 100;
            Count("total_duration", took);
            Count("prompt_eval_count", spoken.Bill.Prompt);
            Count("eval_count", spoken.Bill.Output);
            Count("eval_duration", took);
        }

        writer.WriteEndObject();

        // Nothing is told of what is zero.
        void Count(string name, long value)
        {
            if (value != 0) writer.WriteNumber(name, value);
        }
    }

    private (List<ChatMessage> Messages, ErrorReply? Error) Messages(JsonElement body)
    {
        var messages = new List<ChatMessage>();
        if (!Json.Has(body, "messages", out var list)) return (messages, null);
        if (list.ValueKind != JsonValueKind.Array) return (messages, dialect.WrongType("messages", "a list", Json.TypeName(list)));
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object) return (messages, dialect.WrongType("messages", "a message", Json.TypeName(item)));
            if (FieldCheck.Check(dialect, s_message, item, "messages") is { } misfit) return (messages, misfit);
            if (Json.Has(item, "images", out var images) && images.ValueKind == JsonValueKind.Array && images.GetArrayLength() > 0)
            {
                return (messages, dialect.NotSimulated("images"));
            }

            messages.Add(new ChatMessage(Text(item, "role"), Text(item, "content")));
        }

        return (messages, null);

        static string Text(JsonElement item, string field) => Json.Has(item, field, out var value) ? value.GetString()! : "";
    }

    /// <summary>The schema is a grammar and no part of the prompt.</summary>
    private (ResponseForm Form, ErrorReply? Error) Form(JsonElement body)
    {
        if (!Json.Has(body, "format", out var format)) return (ResponseForm.Text, null);
        if (format.ValueKind == JsonValueKind.Object)
            return (new ResponseForm(IsJson: true, schemas.Sent(format, SchemaRules.None).Shape, 0) { Kind = SimulatorForm.Schema }, null);
        if (format.ValueKind == JsonValueKind.String && format.ValueEquals("")) return (ResponseForm.Text, null);
        return format.ValueKind == JsonValueKind.String && format.ValueEquals("json")
            ? (new ResponseForm(IsJson: true, null, 0) { Kind = SimulatorForm.JsonObject }, null)
            : (ResponseForm.Text, dialect.Refuse($"invalid format: {format.GetRawText()}; expected \"json\" or a valid JSON Schema"));
    }

    private (bool? Think, ErrorReply? Error) Think(JsonElement body, string model)
    {
        if (!Json.Has(body, "think", out var think)) return (null, null);
        if (think.ValueKind == JsonValueKind.False) return (false, null);
        if (think.ValueKind != JsonValueKind.True && !(think.ValueKind == JsonValueKind.String && think.GetString() is "high" or "medium" or "low"))
        {
            return (null, dialect.Refuse($"invalid think value: {think.GetRawText()} (must be \"high\", \"medium\", \"low\", true, or false)"));
        }

        return dialect.Thinks ? (true, null) : (null, dialect.Refuse($"\"{model}\" does not support thinking"));
    }

    private ErrorReply? Option(JsonElement chosen)
    {
        foreach (var option in chosen.EnumerateObject())
        {
            if (option.Value.ValueKind == JsonValueKind.Null || !s_whole.TryGetValue(option.Name, out var whole)) continue;
            if (option.Value.ValueKind != JsonValueKind.Number || (whole && !option.Value.TryGetInt64(out _)))
            {
                return dialect.Refuse($"option \"{option.Name}\" must be of type {(whole ? "integer" : "float32")}");
            }
        }

        return null;
    }

    /// <summary>A chat without messages only loads the model.</summary>
    private static ErrorReply Loaded(ChatRequest request) => new(
        200,
        $$"""{"model":"{{JsonEncodedText.Encode(request.Model)}}","created_at":"1970-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}""",
        "")
    {
        Bare = true,
        Outcome = "load",
    };

    /// <summary>Without shifting the reply ends where the context does.</summary>
    private static int Within(int? asked, int room) => Math.Max(1, asked is > 0 ? Math.Min(asked.Value, room) : room);

    private static int? Number(JsonElement chosen, string name) => chosen.ValueKind == JsonValueKind.Object ? Json.Integer(chosen, name) : null;

    private static bool IsFalse(JsonElement body, string field) => Json.Has(body, field, out var value) && value.ValueKind == JsonValueKind.False;

    private static FrozenDictionary<string, FieldRule> Rules(params (string Name, FieldRule Rule)[] rules) =>
        rules.ToFrozenDictionary(r => r.Name, r => r.Rule, StringComparer.Ordinal);
}
