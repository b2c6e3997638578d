using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Anthropic's lines: <c>{"custom_id","params"}</c> and <c>{"custom_id","result"}</c>.</summary>
internal sealed class AnthropicBatchForm(AnthropicDialect dialect) : BatchForm(dialect)
{
    /// <summary>Results are there until so long after a batch was created.</summary>
    public static readonly TimeSpan Keeps = TimeSpan.FromDays(29);

    private static readonly Place s_place = new(Operation.Chat, HttpMethods.Post) { Form = MessagesWire.Batch };

    public override bool CanFail => false;

    public override bool RefusesEnqueued => true;

    public override TimeSpan KeepsResults => Keeps;

    public override bool KeepsFromCreation => true;

    public override string ResultKind => "results";

    public override string ResultId(string batch, bool errors) => $"{batch}/results";

    public override ErrorReply Enqueued(string model, long limit) => new(
        429, $"This request would exceed your organization's limit of {limit.ToString("n0", CultureInfo.InvariantCulture)} tokens in processing queue. Please try again later.", "rate_limit_error")
    {
        Outcome = "enqueued",
    };

    public override Place Place(string model) => s_place;

    public override BatchLine Read(JsonElement root) => new(root.GetProperty("custom_id").GetString(), root.GetProperty("params"));

    public override void Write(Utf8JsonWriter writer, BatchLine line, LineReply reply)
    {
        writer.WriteString("custom_id", line.Id);
        writer.WriteStartObject("result");
        var (type, field) = reply switch
        {
            { End: LineEnd.Expired } => ("expired", null),
            { End: LineEnd.Cancelled } => ("canceled", null),
            { Error: not null } => ("errored", "error"),
            _ => ("succeeded", "message"),
        };
        writer.WriteString("type", type);
        if (field is not null)
        {
            writer.WritePropertyName(field);
            writer.WriteRawValue(reply.Body.Span, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }
}

/// <summary>Anthropic's form of a batch. Everything counts as being processed until the whole has ended.</summary>
internal static class AnthropicBatchBody
{
    public static void Write(Utf8JsonWriter writer, BatchCall call, BatchRun run)
    {
        var now = call.Desk.Batches.Now;
        var (phase, course) = (run.Advance(now), run.Course);
        var over = BatchCourse.IsOver(phase);
        var archived = now >= course.Created + AnthropicBatchForm.Keeps;
        writer.WriteStartObject();
        writer.WriteString("id", run.Id);
        writer.WriteString("type", "message_batch");
        writer.WriteString("processing_status", over ? "ended"
            : run.Faults.Has(SimulatorBatchFault.UnknownState) ? "rescheduling"
            : phase == BatchPhase.Cancelling ? "canceling"
            : "in_progress");
        if (!run.Faults.Has(SimulatorBatchFault.NoCounters))
        {
            writer.WriteStartObject("request_counts");
            writer.WriteNumber("processing", over ? 0 : run.Total);
            writer.WriteNumber("succeeded", over ? run.Succeeded : 0);
            writer.WriteNumber("errored", over ? run.Failed : 0);
            writer.WriteNumber("canceled", over ? run.Cancelled : 0);
            writer.WriteNumber("expired", over ? run.Expired : 0);
            writer.WriteEndObject();
        }

        Time("created_at", course.Created);
        Time("expires_at", course.Expires);
        Time("ended_at", over ? run.EndedAt(phase) : null);
        Time("cancel_initiated_at", phase is BatchPhase.Cancelling or BatchPhase.Cancelled ? course.CancelsAt : null);
        Time("archived_at", archived ? course.Created + AnthropicBatchForm.Keeps : null);
        writer.WriteString("results_url", run.Output is null || archived ? null : $"{call.Request.Scheme}://{call.Request.Host}/v1/messages/batches/{run.Id}/results");
        writer.WriteEndObject();

        void Time(string name, DateTimeOffset? at) =>
            writer.WriteString(name, at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
    }
}
