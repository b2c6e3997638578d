using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Ollama;

/// <summary>What Ollama tells of itself and its models: <c>/api/version</c>, <c>/api/tags</c>, <c>/api/ps</c>, <c>/api/show</c>.</summary>
internal sealed class OllamaModels(OllamaDialect dialect, SimulatorOptions options)
{
    /// <summary>The first version with other memory errors, and the last without.</summary>
    private const string NewVersion = "0.30.0", OldVersion = "0.29.0";

    /// <summary>What a model of today may hold, when the options name no context.</summary>
    public const int ModelContext = 131072;

    /// <summary>How long a model stays in memory after its last use.</summary>
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromMinutes(5);

    public Told Tell(Question question) => question.Place.Operation switch
    {
        Operation.Version when question.Place.Form.Length > 0 => new Told("Ollama is running"u8.ToArray()) { ContentType = "text/plain; charset=utf-8" },
        Operation.Version => Written(writer => writer.WriteString("version", options.OldServer ? OldVersion : NewVersion)),
        Operation.Show => Show(question),
        Operation.Running => List(question.Loaded, (writer, name) =>
        {
            writer.WriteString("expires_at", question.Now + s_keepAlive);
            writer.WriteNumber("size_vram", options.ModelBytes);
            writer.WriteNumber("context_length", Math.Min(OllamaWire.DefaultContext, options.ContextTokens ?? ModelContext));
        }),
        _ => List(question.Models, (writer, name) => writer.WriteString("modified_at", DateTimeOffset.UnixEpoch)),
    };

    private Told Show(Question question)
    {
        if (!Json.Has(question.Body, "model", out var name) && !Json.Has(question.Body, "name", out name)) return dialect.Missing("model");
        if (name.ValueKind != JsonValueKind.String) return dialect.WrongType("model", "a string", Json.TypeName(name));
        var model = OllamaWire.NameOf(name.GetString()!);
        if (options.KnownModels?.Contains(model, StringComparer.Ordinal) == false) return dialect.UnknownModel(model);
        return Written(writer =>
        {
            writer.WriteString("parameters", "temperature                    0.7");
            writer.WriteString("template", "{{ .Prompt }}");
            Details(writer);
            writer.WriteStartObject("model_info");
            writer.WriteString("general.architecture", "simulated");
            writer.WriteNumber("simulated.context_length", options.ContextTokens ?? ModelContext);
            writer.WriteEndObject();
            writer.WriteStartArray("capabilities");
            writer.WriteStringValue("completion");
            if (dialect.Thinks) writer.WriteStringValue("thinking");
            writer.WriteEndArray();
            writer.WriteString("modified_at", DateTimeOffset.UnixEpoch);
        });
    }

    private Told List(IReadOnlyList<string> models, Action<Utf8JsonWriter, string> more) => Written(writer =>
    {
        writer.WriteStartArray("models");
        foreach (var model in models)
        {
            var tagged = model.Contains(':', StringComparison.Ordinal) ? model : $"{model}:latest";
            writer.WriteStartObject();
            writer.WriteString("name", tagged);
            writer.WriteString("model", tagged);
            writer.WriteNumber("size", options.ModelBytes);
            writer.WriteString("digest", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tagged))));
            Details(writer);
            more(writer, model);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static void Details(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("details");
        writer.WriteString("parent_model", "");
        writer.WriteString("format", "gguf");
        writer.WriteString("family", "simulated");
        writer.WriteStartArray("families");
        writer.WriteStringValue("simulated");
        writer.WriteEndArray();
        writer.WriteString("parameter_size", "8.0B");
        writer.WriteString("quantization_level", "Q4_K_M");
        writer.WriteEndObject();
    }

    private static Told Written(Action<Utf8JsonWriter> write) => new(Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
    }));
}
