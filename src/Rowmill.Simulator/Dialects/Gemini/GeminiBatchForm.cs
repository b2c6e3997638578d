using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's lines: <c>{"key","request"}</c> in a file and <c>{"request","metadata"}</c> in the batch itself.</summary>
internal sealed class GeminiBatchForm(GeminiDialect dialect, bool inline) : BatchForm(dialect)
{
    /// <summary>google.rpc.Code.</summary>
    private const int Cancelled = 1, InvalidArgument = 3, DeadlineExceeded = 4, ResourceExhausted = 8, Internal = 13;

    public override bool ResultsComeAlong => inline;

    public override bool KeepsOrder => inline;

    public override bool LosesExpired => true;

    public override bool RefusesEnqueued => true;

    public override int? MostAtOnce => 100;

    /// <summary>Pages differ between 48 hours, as every file, and six weeks: the shorter.</summary>
    public override TimeSpan KeepsResults => GeminiFiles.Keeps;

    public override string ResultKind => "application/jsonl";

    public override string ResultId(string batch, bool errors) => $"files/batch-{batch["batches/".Length..]}";

    public override ErrorReply Enqueued(string model, long limit) => GoogleErrors.Error(
        429,
        "RESOURCE_EXHAUSTED",
        $"You exceeded your current quota, please check your plan and billing details. \n* Quota exceeded for metric: "
        + $"generativelanguage.googleapis.com/batch_enqueued_tokens, limit: {limit}, model: {model}\n",
        GoogleErrors.Detail("QuotaFailure", "violations", new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject
        {
            ["quotaMetric"] = "generativelanguage.googleapis.com/batch_enqueued_tokens",
            ["quotaId"] = "BatchEnqueuedTokensPerProjectPerModel",
            ["quotaDimensions"] = new System.Text.Json.Nodes.JsonObject { ["location"] = "global", ["model"] = model },
            ["quotaValue"] = $"{limit}",
        }))) with
    {
        Outcome = "enqueued",
    };

    public override Place Place(string model) => new(Operation.Chat, HttpMethods.Post, model);

    public override BatchLine Read(JsonElement root)
    {
        var request = root.GetProperty("request");
        if (!inline) return new BatchLine(Json.Has(root, "key", out var key) ? key.GetString() : null, request);
        var echo = Json.Has(root, "metadata", out var metadata) ? metadata : default;
        var id = echo.ValueKind == JsonValueKind.Object && echo.TryGetProperty("key", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        return new BatchLine(id, request, echo.ValueKind == JsonValueKind.Undefined ? null : echo.GetRawText());
    }

    /// <summary>The order of the keys varies.</summary>
    public override void Write(Utf8JsonWriter writer, BatchLine line, LineReply reply)
    {
        var keyFirst = reply.Number[^1] < '8';
        if (keyFirst) Whose(writer, line);
        if (reply is { End: LineEnd.Done, Error: null })
        {
            writer.WritePropertyName("response");
            writer.WriteRawValue(reply.Body.Span, skipInputValidation: true);
        }
        else
        {
            writer.WriteStartObject("error");
            writer.WriteNumber("code", reply.Error is { } error ? Code(error) : reply.End == LineEnd.Cancelled ? Cancelled : DeadlineExceeded);
            writer.WriteString("message", reply.Error?.Message ?? "The operation was cancelled.");
            writer.WriteEndObject();
        }

        if (!keyFirst) Whose(writer, line);
    }

    public static int Code(ErrorReply error) => error.Status switch
    {
        400 => InvalidArgument,
        403 => 7,
        404 => 5,
        429 => ResourceExhausted,
        503 => 14,
        _ => Internal,
    };

    private static void Whose(Utf8JsonWriter writer, BatchLine line)
    {
        if (line.Echo is { } echo)
        {
            writer.WritePropertyName("metadata");
            writer.WriteRawValue(echo, skipInputValidation: true);
        }
        else if (line.Id is { } key)
        {
            writer.WriteString("key", key);
        }
    }
}

/// <summary>What Google looks at before a batch begins: that each line is a request. What that request holds shows when its turn comes.</summary>
internal sealed class GeminiInputCheck : InputCheck
{
    private readonly GeminiDialect _dialect;
    private readonly Place _place;
    private readonly bool _inline;
    private readonly int _mostLines;

    public GeminiInputCheck(GeminiDialect dialect, string model, bool inline, int? mostLines)
    {
        (_dialect, _place, _inline, _mostLines) = (dialect, new Place(Operation.Chat, HttpMethods.Post, model), inline, mostLines ?? int.MaxValue);
        Model = model;
    }

    public override void Line(ReadOnlyMemory<byte> bytes, int number)
    {
        if (JsonBody.Read<GeminiInputCheck, bool>(bytes, static (root, to) => to.Look(root), this) != true)
        {
            Add(new BatchFlaw("INVALID_ARGUMENT", $"Failed to parse line {number} of the input file: a key and a request are expected.", null, number));
        }
    }

    public override void End(int count)
    {
        if (count == 0) Add(new BatchFlaw("INVALID_ARGUMENT", "The input file holds no requests."));
        if (count > _mostLines) Add(new BatchFlaw("INVALID_ARGUMENT", $"The batch holds {count} requests; at most {_mostLines} are allowed."));
    }

    private bool Look(JsonElement root)
    {
        foreach (var field in root.EnumerateObject())
            if (field.Name != "request" && field.Name != (_inline ? "metadata" : "key")) return false;
        if (!Json.Has(root, "request", out var request) || request.ValueKind != JsonValueKind.Object) return false;
        if (!_inline && Json.Has(root, "key", out var key) && key.ValueKind != JsonValueKind.String) return false;
        if (FirstLine.Length == 0) FirstLine = new GeminiBatchForm(_dialect, _inline).Read(root).Id ?? "";
        PromptTokens += _dialect.Chat.Read(request, _place).Request?.PromptTokens ?? 0;
        return true;
    }
}
