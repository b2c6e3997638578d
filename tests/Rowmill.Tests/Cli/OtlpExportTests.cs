using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Rowmill.Cli;
using Rowmill.Core;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Cli;

[Collection(nameof(Telemetry))]
public sealed class OtlpExportTests
{
    [Fact]
    public async Task A_run_is_told_to_the_collector_that_the_environment_names()
    {
        await using var folder = await CliFolder.CreateAsync();
        using var collector = new HttpListener();
        var address = Listen(collector);
        var received = ReceiveAsync(collector, "/v1/traces", "/v1/metrics");
        folder.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = address;
        folder.Variables["OTEL_EXPORTER_OTLP_HEADERS"] = "x-tenant=music";

        var result = await folder.RunAsync("run", "job.yaml");

        Assert.Equal(3, result.Exit); // a row without a title
        var requests = await received.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Contains("chat pretend", requests["/v1/traces"].Body);
        Assert.Contains("gen_ai.client.operation.duration", requests["/v1/metrics"].Body);
        Assert.All(requests.Values, r => Assert.Equal(("application/x-protobuf", "music"), (r.Type, r.Tenant)));
        Assert.DoesNotContain(CliFolder.Secret, requests["/v1/traces"].Body);
        Assert.DoesNotContain("Nikes", requests["/v1/traces"].Body);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "", 0)]
    [InlineData("OTEL_SERVICE_NAME", "songs", 0)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "not an address", 1)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:4318", 1)]
    public void Nothing_is_loaded_where_no_collector_is_named_and_a_bad_address_is_told_once(string name, string value, int warnings)
    {
        var told = new List<Problem>();
        Assert.Null(OtlpExport.Start(n => n == name ? value : null, TimeProvider.System, told.Add));
        Assert.Equal(warnings, told.Count);
        Assert.All(told, problem => Assert.Equal(name, problem.Key));
    }

    [Fact]
    public async Task A_bad_address_is_a_warning_and_changes_nothing_else()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "not a url";
        var result = await folder.RunAsync("check", "job.yaml", "--json");
        Assert.Equal((0, true), (result.Exit, result.Json.GetProperty("ok").GetBoolean()));
        Assert.Single(Regex.Matches(result.Error, "^warning: OTEL_EXPORTER_OTLP_ENDPOINT: This is not an http or https address", RegexOptions.Multiline));
        Assert.DoesNotContain("not a url", result.Error);
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "true")]
    [InlineData("OTEL_TRACES_EXPORTER", "none")]
    public void The_variables_that_turn_it_off_are_heeded(string name, string value) => Assert.Null(OtlpExport.Start(
        n => n == name ? value : n is "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" ? "http://127.0.0.1:9/v1/traces" : null, TimeProvider.System, problem => Assert.Fail(problem.ToString())));

    [Fact]
    public async Task A_collector_that_is_not_there_harms_nothing()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";

        var result = await folder.RunAsync("run", "job.yaml");

        Assert.Equal(3, result.Exit);
        Assert.DoesNotContain("127.0.0.1:9/", result.Error);
    }

    private static string Listen(HttpListener collector)
    {
        using var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}";
        free.Stop();
        collector.Prefixes.Add(address + "/");
        collector.Start();
        return address;
    }

    private static async Task<Dictionary<string, (string Body, string? Type, string? Tenant)>> ReceiveAsync(HttpListener collector, params string[] paths)
    {
        var requests = new Dictionary<string, (string, string?, string?)>(StringComparer.Ordinal);
        while (!paths.All(requests.ContainsKey))
        {
            var context = await collector.GetContextAsync();
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            requests[context.Request.Url!.AbsolutePath] = (Encoding.Latin1.GetString(body.ToArray()), context.Request.ContentType, context.Request.Headers["x-tenant"]);
            context.Response.StatusCode = 200;
            context.Response.Close();
        }

        return requests;
    }
}
