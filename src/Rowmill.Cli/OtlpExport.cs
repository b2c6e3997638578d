using Rowmill.Core;

namespace Rowmill.Cli;

/// <summary>
/// Sends spans and numbers to a collector when OpenTelemetry's usual variables name one. The library behind it is loaded only then. A collector
/// that is not there delays the end of a run by <see cref="s_longest"/> at most, and harms nothing.
/// </summary>
internal sealed class OtlpExport : IAsyncDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    private readonly OtlpProviders _providers;
    private readonly TimeProvider _clock;

    private OtlpExport(OtlpProviders providers, TimeProvider clock) => (_providers, _clock) = (providers, clock);

    /// <summary>Begins to listen; null when nobody is to be told.</summary>
    /// <param name="variable">An environment variable, or null.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="warn">Is told, once each, of variables that hold no address: nothing is sent there.</param>
    public static OtlpExport? Start(Func<string, string?> variable, TimeProvider clock, Action<Problem> warn)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        if (Is("OTEL_SDK_DISABLED", "true")) return null;
        var (traces, metrics) = (Target("TRACES"), Target("METRICS"));
        if (traces is null && metrics is null) return null;
        // The program runs without counters otherwise (its project file); a meter looks when it is made.
        AppContext.SetSwitch("System.Diagnostics.Metrics.Meter.IsSupported", true);
        return new OtlpExport(OtlpProviders.Open(traces, metrics, (int)s_longest.TotalMilliseconds), clock);

        OtlpTarget? Target(string signal)
        {
            if (Is($"OTEL_{signal}_EXPORTER", "none")) return null;
            var name = $"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT";
            var own = Value(name);
            if ((own ?? Value(Endpoint)) is not { } address) return null;
            if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                // The value is not repeated: it may hold a secret.
                if (own is null) name = Endpoint;
                if (told.Add(name)) warn(new Problem("This is not an http or https address, so no telemetry is sent there.") { Key = name, Fix = "Write one such as http://localhost:4318." });
                return null;
            }

            var grpc = (Value($"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") ?? Value("OTEL_EXPORTER_OTLP_PROTOCOL")) is "grpc";
            // Below the common address each signal has its own (opentelemetry.io/docs/specs/otel/protocol/exporter).
            if (own is null && !grpc) url = new Uri($"{address.TrimEnd('/')}/v1/{signal.ToLowerInvariant()}");
            return new OtlpTarget(url, grpc, Value($"OTEL_EXPORTER_OTLP_{signal}_HEADERS") ?? Value("OTEL_EXPORTER_OTLP_HEADERS"));
        }

        string? Value(string name) => variable(name) is { Length: > 0 } value ? value.Trim() : null;

        bool Is(string name, string value) => string.Equals(Value(name), value, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Sends what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.Run(_providers.Close).WaitAsync(s_longest, _clock);
        }
        catch (TimeoutException)
        {
            // Nobody took it in time; the process ends without.
        }
    }
}

/// <summary>Where one kind of telemetry goes.</summary>
/// <param name="Url">The whole address.</param>
/// <param name="IsGrpc">True for gRPC, false for protobuf over HTTP.</param>
/// <param name="Headers">Headers, as the variable has them; null for none. They may hold a secret.</param>
internal sealed record OtlpTarget(Uri Url, bool IsGrpc, string? Headers);
