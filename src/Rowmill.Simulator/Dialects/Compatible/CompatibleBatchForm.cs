using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's lines: <c>{"custom_id","method","url","body"}</c> and <c>{"id","custom_id","response","error"}</c>.</summary>
internal sealed class CompatibleBatchForm(CompatibleDialect dialect, string organization) : BatchForm(dialect)
{
    private static readonly Place s_place = new(Operation.Chat, HttpMethods.Post);

    public override bool SplitsErrors => true;

    public override bool TellsCancelled => false;

    public override TimeSpan KeepsResults => TimeSpan.FromDays(30);

    public override string ResultKind => "batch_output";

    public override string ResultId(string batch, bool errors) => $"file-{(errors ? 'e' : 'o')}{batch[(batch.IndexOf('_', StringComparison.Ordinal) + 1)..]}";

    /// <summary>A capture of the reason of a failed batch; some clients meet it as a refusal.</summary>
    public override ErrorReply Enqueued(string model, long limit) => new(
        429,
        string.Create(
            CultureInfo.InvariantCulture,
            $"Enqueued token limit reached for {model} in organization {organization}. Limit: {limit:n0} enqueued tokens. "
            + $"Please try again once some in_progress batches have been completed."),
        "invalid_request_error")
    {
        Code = "token_limit_exceeded",
        Outcome = "enqueued",
    };

    public override Place Place(string model) => s_place;

    public override BatchLine Read(JsonElement root) => new(root.GetProperty("custom_id").GetString(), root.GetProperty("body"));

    public override void Write(Utf8JsonWriter writer, BatchLine line, LineReply reply)
    {
        writer.WriteString("id", $"batch_req_{reply.Number}");
        writer.WriteString("custom_id", line.Id);
        if (reply.End == LineEnd.Done)
        {
            writer.WriteStartObject("response");
            writer.WriteNumber("status_code", reply.Status);
            writer.WriteString("request_id", $"req_{reply.Number}");
            writer.WritePropertyName("body");
            writer.WriteRawValue(reply.Body.Span, skipInputValidation: true);
            writer.WriteEndObject();
            writer.WriteNull("error");
            return;
        }

        writer.WriteNull("response");
        writer.WriteStartObject("error");
        writer.WriteString("code", "batch_expired");
        writer.WriteString("message", "This request could not be executed before the completion window expired.");
        writer.WriteEndObject();
    }
}

/// <summary>What OpenAI looks at before a batch begins. The codes it is not quoted with are the nearest of its others.</summary>
internal sealed class CompatibleInputCheck(CompatibleDialect dialect, string endpoint, int mostLines, IReadOnlyList<string>? models) : InputCheck
{
    private static readonly Place s_place = new(Operation.Chat, HttpMethods.Post);

    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    public override void Line(ReadOnlyMemory<byte> bytes, int number)
    {
        if (JsonBody.Read<CompatibleInputCheck, bool>(bytes, (root, to) => to.Look(root, number), this) is null)
        {
            Add(new BatchFlaw("invalid_json_line", "This line is not parseable as valid JSON.", null, number));
        }
    }

    public override void End(int count)
    {
        if (count == 0) Add(new BatchFlaw("empty_file", "The input file is empty. Please ensure that the batch contains at least one request."));
        if (count > mostLines) Add(new BatchFlaw("too_many_requests", $"The input file contains {count} requests, more than the {mostLines} that a batch may have."));
        if (Model.Length > 0 && models?.Contains(Model, StringComparer.Ordinal) == false)
        {
            Add(new BatchFlaw("model_not_found", $"The provided model '{Model}' is not supported by the Batch API.", "body.model", 1));
        }
    }

    private bool Look(JsonElement root, int number)
    {
        var flaw = Flaw(root);
        if (flaw is not null) Add(flaw with { Line = number });
        return flaw is null;
    }

    private BatchFlaw? Flaw(JsonElement root)
    {
        foreach (var field in (ReadOnlySpan<string>)["custom_id", "method", "url", "body"])
            if (!Json.Has(root, field, out _)) return new BatchFlaw("missing_required_parameter", $"Missing required parameter: '{field}'.", field);
        foreach (var field in (ReadOnlySpan<string>)["custom_id", "method", "url"])
            if (root.GetProperty(field).ValueKind != JsonValueKind.String) return Type(field, "a string", root.GetProperty(field));
        var id = root.GetProperty("custom_id").GetString()!;
        if (FirstLine.Length == 0) FirstLine = id;
        if (!_ids.Add(id))
        {
            return new BatchFlaw(
                "duplicate_custom_id",
                "The custom_id for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.",
                "custom_id");
        }

        if (!root.GetProperty("method").ValueEquals("POST")) return new BatchFlaw("invalid_method", "The HTTP method of a request must be POST.", "method");
        if (!root.GetProperty("url").ValueEquals(endpoint))
        {
            return new BatchFlaw("invalid_url", "The URL provided for this request does not match the batch endpoint.", "url");
        }

        var body = root.GetProperty("body");
        if (body.ValueKind != JsonValueKind.Object) return Type("body", "an object", body);
        if (!Json.Has(body, "model", out var model)) return new BatchFlaw("missing_required_parameter", "Missing required parameter: 'body.model'.", "body.model");
        if (model.ValueKind != JsonValueKind.String) return Type("body.model", "a string", model);
        if (Model.Length == 0) Model = model.GetString()!;
        if (!model.ValueEquals(Model))
        {
            return new BatchFlaw("mismatched_model", "All requests of a batch must use the same model; this one names another than the first.", "body.model");
        }

        if (Json.Has(body, "stream", out var stream) && stream.ValueKind != JsonValueKind.False)
        {
            return new BatchFlaw("unsupported_parameter", "Streaming is not supported in the Batch API.", "body.stream");
        }

        PromptTokens += dialect.Chat.Read(body, s_place).Request?.PromptTokens ?? 0;
        return null;
    }

    private static BatchFlaw Type(string field, string expected, JsonElement value) =>
        new("invalid_type", $"Invalid type for '{field}': expected {expected}, but got {Json.TypeName(value)} instead.", field);
}
