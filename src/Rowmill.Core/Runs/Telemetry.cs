using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;

namespace Rowmill.Core.Runs;

/// <summary>
/// What the engine tells those who listen: spans and numbers under the names of OpenTelemetry's conventions for generative AI
/// (opentelemetry.io/docs/specs/semconv/gen-ai). While nobody listens it costs nothing.
/// </summary>
public static class Telemetry
{
    /// <summary>The name of the <see cref="ActivitySource"/> and of the <see cref="Meter"/>.</summary>
    public const string Name = "Rowmill";

    private const string CaptureVariable = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

    private static readonly Meter s_meter = new(Name);
    private static readonly string[] s_failures = Snake<FailureKind>();
    private static readonly string[] s_statuses = Snake<RowStatus>();

    // The bounds are those of the conventions.
    private static readonly Histogram<long> s_tokens = s_meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens of a request and of its reply.", tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] });

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram(
        "gen_ai.client.operation.duration", "s", "How long a request took.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });

    private static readonly Counter<long> s_rows = s_meter.CreateCounter<long>("rowmill.rows", "{row}", "Rows that have ended, by their status.");

    internal static ActivitySource Source { get; } = new(Name);

    /// <summary>True when spans show what was asked and answered: people's data, so only when the environment says so.</summary>
    internal static bool ShowsMessages { get; set; } =
        string.Equals(Environment.GetEnvironmentVariable(CaptureVariable), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>True when somebody wants the numbers of calls.</summary>
    internal static bool CountsCalls => s_duration.Enabled || s_tokens.Enabled;

    internal static string Word(FailureKind kind) => s_failures[(int)kind];

    internal static void RowsEnded(RowStatus status, long rows)
    {
        if (s_rows.Enabled && rows > 0) s_rows.Add(rows, new KeyValuePair<string, object?>("rowmill.row.status", s_statuses[(int)status]));
    }

    internal static void CallEnded(in TagList tags, TokenUsage? usage, TimeSpan took)
    {
        s_duration.Record(took.TotalSeconds, tags);
        if (usage is not { } used || !s_tokens.Enabled) return;
        Record("input", used.Input, tags);
        Record("output", used.Output, tags);

        static void Record(string type, long tokens, TagList tags)
        {
            tags.Add("gen_ai.token.type", type);
            s_tokens.Record(tokens, tags);
        }
    }

    private static string[] Snake<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
}
