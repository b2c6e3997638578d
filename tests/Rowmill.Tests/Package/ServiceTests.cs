using Microsoft.Extensions.DependencyInjection;
using Rowmill.Core.Runs;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Package;

public sealed class ServiceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Six_hundred_songs_get_typed_answers_in_their_order_and_a_second_run_asks_nothing()
    {
        await using var world = await PackageWorld.StartAsync();
        var songs = Song.Many(600);

        var rows = await world.Rowmill.RunAsync(Job(songs), cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(600, rows.Count);
        Assert.All(songs.Zip(rows), pair => Assert.Same(pair.First, pair.Second.Row));
        Assert.All(rows, r => Assert.True(r.IsAnswered && r.Reason is null && !r.FromCache, r.Reason));
        Assert.All(rows, r => Assert.InRange(r.Answer!.Stars, 1, 5));
        Assert.True(rows.Select(r => r.Answer!.Energy).Distinct().Count() > 1);
        Assert.Equal(600, world.Server.Stats.RowsBilled);

        // The same rows, this time of a stream, in another process.
        await world.ReopenAsync();
        var again = await world.Rowmill.RunAsync(Job(songs.ToAsyncEnumerable()), cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(600, world.Server.Stats.RowsBilled);
        Assert.All(again, r => Assert.True(r.FromCache));
        Assert.Equal(songs, again.Select(r => r.Row));
        Assert.Equal(rows.Select(r => r.Answer!.Energy), again.Select(r => r.Answer!.Energy));
        Assert.Empty(world.Spools());
    }

    [Fact]
    public async Task A_loop_that_crashes_leaves_everything_that_was_paid_for_stored()
    {
        await using var world = await PackageWorld.StartAsync();
        var songs = Song.Many(600);

        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var row in world.Rowmill.RunAsync(Job(songs), cancellationToken: Token))
                if (row.Index == 50) throw new InvalidDataException("the consumer broke");
        });

        Assert.Empty(world.Spools());
        await AssertGoesOnAsync(world, songs);
    }

    [Fact]
    public async Task A_cancelled_loop_ends_by_the_exception_of_cancelling_and_leaves_everything_stored()
    {
        await using var world = await PackageWorld.StartAsync();
        var songs = Song.Many(600);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var row in world.Rowmill.RunAsync(Job(songs)).WithCancellation(cancel.Token))
                if (row.Index == 50) await cancel.CancelAsync();
        });

        await AssertGoesOnAsync(world, songs);
    }

    [Fact]
    public async Task A_hundred_thousand_rows_of_a_stream_are_not_held()
    {
        const int count = 100_000;
        await using var world = await PackageWorld.StartAsync();
        var (given, got) = (new List<WeakReference>(), new List<WeakReference>());
        using var chat = new ScriptedChat();
        var job = RowmillJob.Over("many", Watched()).Ask<Mood>("Judge.").Pack(500).Model(chat, ScriptedChat.Name);

        long rows = 0;
        await foreach (var row in world.Rowmill.RunAsync(job, cancellationToken: Token))
        {
            if (rows++ % 1000 == 0) got.Add(new WeakReference(row));
            if (rows == count) Assert.InRange(Living(), 0, 4);
        }

        Assert.Equal(count, rows);
        Assert.Equal(100, given.Count);
        Assert.Equal(count, chat.RowsAsked);

        async IAsyncEnumerable<Song> Watched()
        {
            await foreach (var song in Song.Stream(count))
            {
                if (given.Count * 1000 < count && song.Title.EndsWith("000", StringComparison.Ordinal)) given.Add(new WeakReference(song));
                yield return song;
            }
        }

        // The loops hold a row or two.
        int Living()
        {
            GC.Collect();
            return given.Concat(got).Count(r => r.IsAlive);
        }
    }

    [Fact]
    public async Task Services_hold_one_service_with_their_options_and_clock()
    {
        await using var world = await PackageWorld.StartAsync();
        var clock = new VirtualClock();
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddRowmill(world.Configure).AddRowmill(_ => Assert.Fail("the first counts"));
        var provider = services.BuildServiceProvider();

        var rowmill = provider.GetRequiredService<RowmillService>();
        var engine = await rowmill.EngineAsync(Token);

        Assert.Same(rowmill, provider.GetRequiredService<RowmillService>());
        Assert.Same(clock, engine.Environment.Clock);
        Assert.Equal(world.StorePath, engine.Environment.StoreName);
        await provider.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await rowmill.EngineAsync(Token));
        Assert.Throws<ObjectDisposedException>(() => rowmill.Start(Job(Song.Many(1))));
    }

    [Fact]
    public async Task Closing_the_service_stops_its_runs_in_good_order()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        var held = new TaskCompletionSource();
        chat.Hold = held.Task;
        var job = RowmillJob.Over("songs", Song.Many(400)).Ask<Mood>("Judge.").Pack(5).Model(chat, ScriptedChat.Name);

        var run = world.Rowmill.Start(job, cancellationToken: Token);
        await chat.Second;
        var closing = world.Rowmill.DisposeAsync();
        held.SetResult();
        await closing;

        Assert.Equal(RunState.Interrupted, (await run.Completion).State);
        await run.DisposeAsync();
        Assert.Empty(world.Spools());
    }

    private static async Task AssertGoesOnAsync(PackageWorld world, IReadOnlyList<Song> songs)
    {
        var before = world.Server.Stats.RowsBilled;
        Assert.InRange(before, 51, 600);
        await world.ReopenAsync();

        var rows = await world.Rowmill.RunAsync(Job(songs), cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(before, rows.Count(r => r.FromCache));
        Assert.All(rows, r => Assert.True(r.IsAnswered));
        Assert.Equal(600, world.Server.Stats.RowsBilled);
    }

    private static RowmillJob<Song, Mood> Job(IAsyncEnumerable<Song> songs) => Ask(RowmillJob.Over("songs", songs));

    private static RowmillJob<Song, Mood> Job(IEnumerable<Song> songs) => Ask(RowmillJob.Over("songs", songs));

    private static RowmillJob<Song, Mood> Ask(JobRows<Song> rows) =>
        rows.Ask<Mood>("Judge the song.").Fields(s => s.Title, s => s.Artist).Pack(20).Model("groq/openai/gpt-oss-20b", change: r => r with { Limits = r.Limits with { Concurrency = 2 } });
}
