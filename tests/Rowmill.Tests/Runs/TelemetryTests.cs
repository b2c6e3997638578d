using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Runs;

[CollectionDefinition(nameof(Telemetry), DisableParallelization = true)]
public sealed class TelemetryCollection;

[Collection(nameof(Telemetry))]
public sealed class TelemetryTests : IDisposable
{
    private readonly RunWorld _world = new();

    public TelemetryTests() => _world.Job = _world.Job with { Name = "listened-to", Routes = [RunWorld.Route("listened")] };

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_run_is_told_in_spans_and_numbers()
    {
        var spans = new ConcurrentQueue<Activity>();
        var numbers = new ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)>();
        using var listener = Listen(spans);
        using var meters = Listen(numbers);
        _world.Table("a", "b", "c", "d", "e", "f");
        _world.Model("listened").Script = call => call.Number == 2 ? FakeReply.Fail(FailureKind.BadRequest) : FakeReply.Good(call) with { RequestId = "req_1" };

        await _world.RunAsync();

        var span = spans.First(s => (string?)s.GetTagItem("rowmill.job") == "listened-to");
        Assert.Equal(("chat listened", ActivityKind.Client), (span.OperationName, span.Kind));
        var tags = span.TagObjects.ToDictionary();
        Assert.Equal(
            ("chat", "fake", "listened", "listened.test", 100L, 50L, "req_1", _world.Seen.RunId, 5),
            (tags["gen_ai.operation.name"], tags["gen_ai.provider.name"], tags["gen_ai.request.model"], tags["server.address"],
                tags["gen_ai.usage.input_tokens"], tags["gen_ai.usage.output_tokens"], tags["gen_ai.response.id"], tags["rowmill.run_id"], tags["rowmill.rows"]));
        Assert.True((long)tags["gen_ai.request.max_tokens"]! > 0);
        Assert.DoesNotContain(tags.Keys, k => k.Contains("messages", StringComparison.Ordinal) || k.Contains("instructions", StringComparison.Ordinal));
        var failed = spans.First(s => s.GetTagItem("error.type") is not null);
        Assert.Equal(("bad_request", ActivityStatusCode.Error), (failed.GetTagItem("error.type"), failed.Status));

        var mine = numbers.Where(n => n.Tags.GetValueOrDefault("gen_ai.request.model") is "listened").ToList();
        Assert.Equal([100d, 50d], mine.Where(n => n.Name == "gen_ai.client.token.usage").OrderBy(n => n.Tags["gen_ai.token.type"]).Select(n => n.Value).Take(2));
        Assert.Contains(mine, n => n.Name == "gen_ai.client.operation.duration" && n.Tags.GetValueOrDefault("error.type") is "bad_request");
        Assert.Equal(5, numbers.Where(n => n.Name == "rowmill.rows" && n.Tags["rowmill.row.status"] is "answered").Sum(n => n.Value));
        Assert.Equal(1, numbers.Where(n => n.Name == "rowmill.rows" && n.Tags["rowmill.row.status"] is "failed").Sum(n => n.Value));
    }

    [Fact]
    public async Task What_was_said_is_shown_only_when_the_environment_wants_it()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = Listen(spans);
        _world.Table("secret song");
        Telemetry.ShowsMessages = true;
        try
        {
            await _world.RunAsync();
        }
        finally
        {
            Telemetry.ShowsMessages = false;
        }

        var span = spans.First(s => (string?)s.GetTagItem("rowmill.job") == "listened-to");
        Assert.StartsWith("""[{"role":"user","parts":[{"type":"text","content":"{\"rows\":[{\"id\":1,\"title\":\"secret song\"}]}"}]}]""", (string)span.GetTagItem("gen_ai.input.messages")!);
        Assert.Contains("\"finish_reason\":\"stop\"", (string)span.GetTagItem("gen_ai.output.messages")!);
        Assert.Contains("Judge the song.", (string)span.GetTagItem("gen_ai.system_instructions")!);
    }

    [Fact]
    public void Nothing_is_made_when_nobody_listens()
    {
        var route = RunWorld.Route("quiet");
        Measure();

        Assert.Equal(0, Measure());

        long Measure()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            using (var span = CallSpan.Start(CallSpan.Chat, route, 100, "job", "run", 5))
            {
                span.Asks(null);
                span.Ended(null, null, new TokenUsage(1, 0, 1), "id", TimeSpan.FromSeconds(1));
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> spans)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static MeterListener Listen(ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> numbers)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == Telemetry.Name) l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => numbers.Enqueue((instrument.Name, value, Tags(tags))));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => numbers.Enqueue((instrument.Name, value, Tags(tags))));
        listener.Start();
        return listener;

        static Dictionary<string, object?> Tags(ReadOnlySpan<KeyValuePair<string, object?>> tags) => new(tags.ToArray());
    }
}
