using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Simulator;
using Rowmill.Tests.Providers.Matrix;

namespace Rowmill.Tests.Providers.Batches;

/// <summary>The batch clients against the simulator's batches: the same way for each service, from the file to the replies.</summary>
public sealed class BatchClientSimulatorTests
{
    private const string Key = "sk-batch-Zq8vT3xW5yB7nD9fH1kM4pR6";

    public static TheoryData<SimulatorDialect> Dialects { get; } = [SimulatorDialect.OpenAI, SimulatorDialect.Groq, SimulatorDialect.Gemini, SimulatorDialect.Anthropic];

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_batch_goes_from_its_file_to_its_replies(SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(dialect);
        using var file = world.Prepare(5);

        var upload = Value(await world.Client.UploadAsync(file.Batch, null, BatchGiven.Forget));
        Assert.Equal(upload, Value(await world.Client.FindUploadAsync(file.Batch)));
        var made = Value(await world.Client.CreateAsync(file.Batch, upload));
        Assert.False(made.IsOver);
        Assert.NotEqual(BatchState.Unknown, made.State);
        Assert.Empty(made.Results);
        var listed = Assert.Single(Value(await world.Client.ListAsync(null)).Batches);
        Assert.Equal((made.Id, world.Client.Caps.KeepsName ? file.Batch.Name : null), (listed.Id, listed.Name));

        var over = await world.EndAsync(made.Id);

        Assert.Equal(BatchState.Completed, over.State);
        Assert.Null(over.Failure);
        Assert.Equal((5L, 5L), (over.Total, over.Succeeded));
        Assert.NotNull(over.CreatedAt);
        var answers = await world.FetchAsync(over);
        Assert.Equal(World.Ids(5), answers.Select(a => a.Id).Order(StringComparer.Ordinal));
        Assert.All(answers, answer =>
        {
            Assert.Equal(BatchLineEnd.Done, answer.End);
            Assert.True(answer.Result!.Succeeded, answer.Result.Failure?.Message);
            Assert.Contains("\"rows\"", Given.Utf8(answer.Result.Reply.Text), StringComparison.Ordinal);
            Assert.True(answer.Result.Reply.Usage is { Input: > 0, Output: > 0 });
        });
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_batch_whose_reply_was_lost_is_in_the_list(SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(dialect, new SimulatorBatchOptions().With("lost-create:1"));
        using var file = world.Prepare(2);
        var upload = Value(await world.Client.UploadAsync(file.Batch, null, BatchGiven.Forget));

        Assert.Equal(FailureKind.ConnectionLost, (await world.Client.CreateAsync(file.Batch, upload)).Failure?.Kind);

        var found = Assert.Single(Value(await world.Client.ListAsync(null)).Batches);
        if (world.Client.Caps.KeepsName) Assert.Equal(file.Batch.Name, found.Name);
        else Assert.Equal(2, found.Total);
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_cancelled_batch_keeps_what_was_answered(SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(dialect);
        using var file = world.Prepare(4);
        var made = Value(await world.Client.CreateAsync(file.Batch, Value(await world.Client.UploadAsync(file.Batch, null, BatchGiven.Forget))));

        Assert.Contains(Value(await world.Client.CancelAsync(made.Id)).State, new[] { BatchState.Cancelling, BatchState.Cancelled });

        var over = await world.EndAsync(made.Id);
        Assert.Equal(BatchState.Cancelled, over.State);
        Assert.All(await world.FetchAsync(over), answer => Assert.Contains(answer.Id, World.Ids(4)));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task An_expired_batch_says_which_lines_had_no_turn(SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(dialect, new SimulatorBatchOptions().With("expired=0.5"));
        using var file = world.Prepare(4);
        var made = Value(await world.Client.CreateAsync(file.Batch, Value(await world.Client.UploadAsync(file.Batch, null, BatchGiven.Forget))));

        var over = await world.EndAsync(made.Id);

        Assert.Equal(BatchState.Expired, over.State);
        // Google gives nothing of a batch that has expired.
        if (dialect is SimulatorDialect.Gemini) Assert.Empty(over.Results);
        else Assert.Equal(2, (await world.FetchAsync(over)).Count(a => a.End is BatchLineEnd.Expired));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task A_full_queue_is_a_limit(SimulatorDialect dialect)
    {
        foreach (var refuses in new[] { true, false })
        {
            await using var world = await World.StartAsync(dialect, new SimulatorBatchOptions { EnqueuedTokens = 1, RefusesEnqueued = refuses });
            using var file = world.Prepare(2);
            var made = await world.Client.CreateAsync(file.Batch, Value(await world.Client.UploadAsync(file.Batch, null, BatchGiven.Forget)));
            var (failure, limits) = made.Value is { } batch && await world.EndAsync(batch.Id) is var over ? (over.Failure, over.Limits) : (made.Failure, made.Limits);
            Assert.Equal(FailureKind.RateLimited, failure?.Kind);
            if (dialect is SimulatorDialect.Anthropic) continue; // its words name no window
            Assert.Equal(LimitNames.EnqueuedTokens, failure!.Window);
            Assert.Equal(1, Assert.Single(limits).Limit);
        }
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task Refused_lines_and_broken_downloads_are_values(SimulatorDialect dialect)
    {
        await using var world = await World.StartAsync(dialect, new SimulatorBatchOptions().With("error400=1").With("broken-download:1"));
        using var file = world.Prepare(3);
        var made = Value(await world.Client.CreateAsync(file.Batch, Value(await world.Client.UploadAsync(file.Batch, null, BatchGiven.Forget))));
        var over = await world.EndAsync(made.Id);
        using var to = new MemoryStream();

        Assert.Equal(FailureKind.ConnectionLost, (await world.Client.DownloadAsync(over.Results[0], to)).Failure?.Kind);

        var answers = await world.FetchAsync(over);
        Assert.Equal(3, answers.Count);
        Assert.All(answers, a => Assert.Equal(FailureKind.BadRequest, a.Result!.Failure!.Kind));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public async Task An_upload_that_broke_goes_on_and_one_whose_reply_was_lost_is_found(SimulatorDialect dialect)
    {
        if (dialect is SimulatorDialect.Anthropic) return; // it knows no files
        await using var world = await World.StartAsync(dialect, new SimulatorBatchOptions().With("broken-upload:1").With("lost-upload:1"));
        using var file = world.Prepare(2000);
        string? session = null;
        ValueTask remember(string told)
        {
            session = told;
            return ValueTask.CompletedTask;
        }

        Assert.Equal(FailureKind.ConnectionLost, (await world.Client.UploadAsync(file.Batch, session, remember)).Failure?.Kind);
        Assert.Equal(FailureKind.ConnectionLost, (await world.Client.UploadAsync(file.Batch, session, remember)).Failure?.Kind);
        Assert.NotEqual("", Value(await world.Client.FindUploadAsync(file.Batch)));
        Assert.Equal(dialect is SimulatorDialect.Gemini, session is not null);
    }

    private static T Value<T>(BatchReply<T> reply)
        where T : class
    {
        Assert.True(reply.Failure is null, reply.Failure?.Message);
        return reply.Value!;
    }

    private sealed class World(SimulatorServer server, IBatchClient client) : IAsyncDisposable
    {
        public IBatchClient Client => client;

        public static async Task<World> StartAsync(SimulatorDialect dialect, SimulatorBatchOptions? batches = null)
        {
            var server = await SimulatorServer.StartAsync(
                new SimulatorOptions { Dialect = dialect, ApiKey = Key, Batches = (batches ?? new()) with { Takes = TimeSpan.FromHours(1) } }, TimeProvider.System);
            var route = MatrixService.All.Single(s => s.Dialect == dialect).To(server);
            return new World(server, ModelClients.CreateBatch(route, new ApiKeys(_ => Key), TimeProvider.System)!);
        }

        public static IEnumerable<string> Ids(int count) => Enumerable.Range(1, count).Select(n => $"rm-1a2b-{n:000000}");

        public RequestFile Prepare(int lines)
        {
            var text = new StringBuilder();
            foreach (var id in Ids(lines)) text.Append(BatchGiven.Line(client, id, Given.Request(client.StructuredOutput, $$"""{"rows":[{"id":1,"title":"{{id}}"}]}"""))).Append('\n');
            return new RequestFile(text.ToString());
        }

        /// <summary>Pushes the service's time until the batch is over.</summary>
        public async Task<BatchStatus> EndAsync(string id)
        {
            for (var i = 0; i < 100; i++)
            {
                var status = Value(await client.GetAsync(id));
                if (status.IsOver) return status;
                Assert.NotEqual(BatchState.Unknown, status.State);
                server.Advance(TimeSpan.FromHours(1));
            }

            throw new InvalidOperationException("it never ends");
        }

        public async Task<IReadOnlyList<BatchAnswer>> FetchAsync(BatchStatus over)
        {
            var answers = new List<BatchAnswer>();
            foreach (var result in over.Results)
            {
                using var to = new MemoryStream();
                var download = Value(await client.DownloadAsync(result, to));
                Assert.Equal(to.Length, download.Bytes);
                foreach (var line in Encoding.UTF8.GetString(to.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    answers.Add(BatchGiven.Read(client, line) ?? throw new InvalidOperationException(line));
            }

            return answers;
        }

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
