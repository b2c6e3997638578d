using System.Globalization;
using System.Text.Json;
using Rowmill.Simulator.Batches;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's form of a batch: a google.longrunning.Operation. Whole numbers of 64 bits are strings; zero and empty fields are left out.</summary>
internal static class GeminiBatchBody
{
    private const string Types = "type.googleapis.com/google.ai.generativelanguage.v1main.";

    public static void Write(Utf8JsonWriter writer, BatchRun run, DateTimeOffset now)
    {
        var phase = run.Advance(now);
        var over = BatchCourse.IsOver(phase);
        writer.WriteStartObject();
        writer.WriteString("name", run.Id);
        writer.WriteStartObject("metadata");
        Metadata(writer, run, phase, now);
        writer.WriteEndObject();
        if (over)
        {
            writer.WriteBoolean("done", true);
            if (phase == BatchPhase.Completed) Response(writer, run);
            else Error(writer, run, phase);
        }

        writer.WriteEndObject();
    }

    public static void Time(Utf8JsonWriter writer, string name, DateTimeOffset at) =>
        writer.WriteString(name, at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture));

    private static void Metadata(Utf8JsonWriter writer, BatchRun run, BatchPhase phase, DateTimeOffset now)
    {
        var (order, course) = (run.Order, run.Course);
        var over = BatchCourse.IsOver(phase);
        writer.WriteString("@type", Types + "GenerateContentBatch");
        writer.WriteString("model", $"models/{order.Input.Model}");
        writer.WriteString("displayName", order.Name);
        if (order.InputFile.Length > 0)
        {
            writer.WriteStartObject("inputConfig");
            writer.WriteString("fileName", order.InputFile);
            writer.WriteEndObject();
        }

        // What was answered before a batch was cancelled stands here alone: an operation has a response or an error, not both.
        if (run.Output is not null && phase is BatchPhase.Completed or BatchPhase.Cancelled)
        {
            writer.WriteStartObject("output");
            Output(writer, run);
            writer.WriteEndObject();
        }

        Time(writer, "createTime", course.Created);
        if (over) Time(writer, "endTime", run.EndedAt(phase));
        Time(writer, "updateTime", over ? run.EndedAt(phase) : now);
        if (!run.Faults.Has(SimulatorBatchFault.NoCounters))
        {
            writer.WriteStartObject("batchStats");
            Count(writer, "requestCount", run.Total);
            Count(writer, "successfulRequestCount", run.Succeeded);
            Count(writer, "failedRequestCount", run.Failed + (over ? run.Cancelled : 0));
            Count(writer, "pendingRequestCount", over ? 0 : run.Total - run.Succeeded - run.Failed);
            writer.WriteEndObject();
        }

        writer.WriteString("state", State(run, phase));
        if (order.Priority is { } priority && priority != 0) Count(writer, "priority", priority);
        writer.WriteString("name", run.Id);
    }

    private static string State(BatchRun run, BatchPhase phase)
    {
        var prefix = run.Faults.Has(SimulatorBatchFault.JobState) ? "JOB_STATE_" : "BATCH_STATE_";
        if (!BatchCourse.IsOver(phase) && run.Faults.Has(SimulatorBatchFault.UnknownState)) return prefix + "RESCHEDULING";
        return prefix + phase switch
        {
            BatchPhase.Validating => "PENDING",
            BatchPhase.Completed => "SUCCEEDED",
            BatchPhase.Failed => "FAILED",
            BatchPhase.Expired => "EXPIRED",
            BatchPhase.Cancelled => "CANCELLED",
            _ => "RUNNING",
        };
    }

    private static void Response(Utf8JsonWriter writer, BatchRun run)
    {
        writer.WriteStartObject("response");
        writer.WriteString("@type", Types + "GenerateContentBatchOutput");
        if (run.Output is not null) Output(writer, run);
        writer.WriteEndObject();
    }

    private static void Output(Utf8JsonWriter writer, BatchRun run)
    {
        if (!run.Order.Form.ResultsComeAlong)
        {
            writer.WriteString("responsesFile", run.Output!.Id);
            return;
        }

        var body = run.Output!.Body;
        var bytes = new byte[body.Length];
        body.Read(bytes, 0);
        writer.WriteStartObject("inlinedResponses");
        writer.WriteStartArray("inlinedResponses");
        foreach (var line in bytes.AsSpan().Split((byte)'\n'))
            if (!bytes.AsSpan(line).IsEmpty) writer.WriteRawValue(bytes.AsSpan(line), skipInputValidation: true);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Error(Utf8JsonWriter writer, BatchRun run, BatchPhase phase)
    {
        var (code, message) = phase switch
        {
            BatchPhase.Cancelled => (1, "The operation was cancelled."),
            BatchPhase.Expired => (4, "The batch expired before it was done."),
            _ => (run.Flaws[0].Code == "INVALID_ARGUMENT" ? 3 : 13, run.Flaws[0].Message),
        };
        writer.WriteStartObject("error");
        writer.WriteNumber("code", code);
        writer.WriteString("message", message);
        writer.WriteEndObject();
    }

    private static void Count(Utf8JsonWriter writer, string name, long count)
    {
        if (count != 0) writer.WriteString(name, count.ToString(CultureInfo.InvariantCulture));
    }
}
