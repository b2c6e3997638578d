using System.Text.Json;
using Rowmill.Simulator.Batches;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's form of a batch.</summary>
internal static class CompatibleBatchBody
{
    public static void Write(Utf8JsonWriter writer, BatchRun run, DateTimeOffset now)
    {
        var (phase, course, order) = (run.Advance(now), run.Course, run.Order);
        var (over, began) = (BatchCourse.IsOver(phase), !course.Doomed && now >= course.Begins && !(course.CancelsAt < course.Begins));
        writer.WriteStartObject();
        writer.WriteString("id", run.Id);
        writer.WriteString("object", "batch");
        writer.WriteString("endpoint", order.Endpoint);
        writer.WriteString("model", order.Input.Model);
        Flaws(writer, phase == BatchPhase.Failed ? run.Flaws : []);
        writer.WriteString("input_file_id", order.InputFile);
        writer.WriteString("completion_window", order.Window);
        writer.WriteString("status", !over && run.Faults.Has(SimulatorBatchFault.UnknownState) ? "rescheduling" : JsonNamingPolicy.SnakeCaseLower.ConvertName(phase.ToString()));
        writer.WriteString("output_file_id", run.Output?.Id);
        writer.WriteString("error_file_id", run.Errors?.Id);
        writer.WriteNumber("created_at", course.Created.ToUnixTimeSeconds());
        Time("in_progress_at", began, course.Begins);
        Time("expires_at", true, course.Expires);
        Time("finalizing_at", phase is BatchPhase.Finalizing or BatchPhase.Completed, course.Finalizes);
        Time("completed_at", phase == BatchPhase.Completed, course.Ends);
        Time("failed_at", phase == BatchPhase.Failed, course.Begins);
        Time("expired_at", phase == BatchPhase.Expired, course.Expires);
        Time("cancelling_at", phase is BatchPhase.Cancelling or BatchPhase.Cancelled, course.CancelsAt ?? now);
        Time("cancelled_at", phase == BatchPhase.Cancelled, course.CancelledAt);
        Counts(writer, run, told: began);
        writer.WritePropertyName("metadata");
        if (order.Metadata.Count == 0) writer.WriteNullValue();
        else Pairs(writer, order.Metadata);
        writer.WriteEndObject();

        void Time(string name, bool passed, DateTimeOffset at)
        {
            if (passed) writer.WriteNumber(name, at.ToUnixTimeSeconds());
            else writer.WriteNull(name);
        }
    }

    private static void Flaws(Utf8JsonWriter writer, IReadOnlyList<BatchFlaw> flaws)
    {
        if (flaws.Count == 0)
        {
            writer.WriteNull("errors");
            return;
        }

        writer.WriteStartObject("errors");
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        foreach (var flaw in flaws)
        {
            writer.WriteStartObject();
            writer.WriteString("code", flaw.Code);
            writer.WriteString("message", flaw.Message);
            writer.WriteString("param", flaw.Param);
            if (flaw.Line is { } line) writer.WriteNumber("line", line);
            else writer.WriteNull("line");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Nothing is counted before a batch has been checked.</summary>
    private static void Counts(Utf8JsonWriter writer, BatchRun run, bool told)
    {
        if (run.Faults.Has(SimulatorBatchFault.NoCounters))
        {
            writer.WriteNull("request_counts");
            writer.WriteNull("usage");
            return;
        }

        var bill = run.Bill;
        writer.WriteStartObject("request_counts");
        writer.WriteNumber("total", told ? run.Total : 0);
        writer.WriteNumber("completed", run.Succeeded);
        writer.WriteNumber("failed", run.Failed);
        writer.WriteEndObject();
        writer.WriteStartObject("usage");
        writer.WriteNumber("input_tokens", bill.Prompt);
        writer.WriteStartObject("input_tokens_details");
        writer.WriteNumber("cached_tokens", bill.Cached);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens", bill.Output);
        writer.WriteStartObject("output_tokens_details");
        writer.WriteNumber("reasoning_tokens", bill.Thoughts);
        writer.WriteEndObject();
        writer.WriteNumber("total_tokens", bill.Prompt + (long)bill.Output);
        writer.WriteEndObject();
    }

    private static void Pairs(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in pairs) writer.WriteString(name, value);
        writer.WriteEndObject();
    }
}
