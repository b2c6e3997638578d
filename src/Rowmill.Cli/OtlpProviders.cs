using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Rowmill.Cli;

/// <summary>OpenTelemetry's library, in a type of its own so that it is loaded only when it is used.</summary>
internal sealed class OtlpProviders
{
    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;
    private readonly int _timeout;

    private OtlpProviders(TracerProvider? traces, MeterProvider? metrics, int timeout) => (_traces, _metrics, _timeout) = (traces, metrics, timeout);

    /// <summary>Begins to listen.</summary>
    /// <param name="traces">Where spans go; null for nowhere.</param>
    /// <param name="metrics">Where numbers go; null for nowhere.</param>
    /// <param name="timeout">How long one export may take, in milliseconds.</param>
    public static OtlpProviders Open(OtlpTarget? traces, OtlpTarget? metrics, int timeout) => new(
        traces is null ? null : Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource()).AddSource(Core.Runs.Telemetry.Name)
            .AddOtlpExporter(options => Fill(options, traces, timeout)).Build(),
        metrics is null ? null : Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource()).AddMeter(Core.Runs.Telemetry.Name)
            .AddOtlpExporter(options => Fill(options, metrics, timeout)).Build(),
        timeout);

    /// <summary>Sends what is left, both kinds at a time, and listens no more.</summary>
    public void Close() => Parallel.Invoke(
        () =>
        {
            // Disposing alone would wait longer.
            _traces?.Shutdown(_timeout);
            _traces?.Dispose();
        },
        () =>
        {
            _metrics?.Shutdown(_timeout);
            _metrics?.Dispose();
        });

    // What the variables say of the service counts.
    private static ResourceBuilder Resource() => ResourceBuilder.CreateEmpty().AddService("rowmill").AddTelemetrySdk().AddEnvironmentVariableDetector();

    private static void Fill(OtlpExporterOptions options, OtlpTarget target, int timeout)
    {
        options.Protocol = target.IsGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = target.Url;
        options.TimeoutMilliseconds = timeout;
        if (target.Headers is { } headers) options.Headers = headers;
    }
}
