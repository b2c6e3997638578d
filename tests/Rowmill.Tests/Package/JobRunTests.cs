using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Runs;

namespace Rowmill.Tests.Package;

public sealed class JobRunTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_comes_as_soon_as_it_has_ended_and_nobody_has_to_read()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        var held = new TaskCompletionSource();
        chat.Hold = held.Task;
        await using var run = world.Rowmill.Start(Job(chat, 20), cancellationToken: Token);

        await using var rows = run.Results.GetAsyncEnumerator(Token);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(await rows.MoveNextAsync());
            Assert.Equal(($"Song {i + 1}", RowStatus.Answered), (rows.Current.Row.Title, rows.Current.Status));
        }

        Assert.False(run.Completion.IsCompleted);
        held.SetResult();

        // This reader stands still; the run ends all the same.
        Assert.Equal(RunState.Completed, (await run.Completion).State);
        Assert.Equal(20, await run.Results.CountAsync(Token));
        var left = 5;
        while (await rows.MoveNextAsync()) left++;
        Assert.Equal(20, left);
    }

    [Fact]
    public async Task Events_alone_can_be_read_from_the_first_to_the_last_and_again()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        await using var run = world.Rowmill.Start(Job(chat, 20), cancellationToken: Token);

        var events = await run.Events.ToListAsync(Token);

        Assert.Equal(("started", "ended"), (events[0].Kind, events[^1].Kind));
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => (int)e.Number));
        Assert.Equal(20, events.Where(e => e.Kind == "answered").Sum(e => e.Data["rows"]!.GetValue<int>()));
        Assert.Equal(events.Select(e => e.Number), await run.Events.Select(e => e.Number).ToListAsync(Token));
        Assert.Equal((await run.Completion).RunId, events[0].RunId);
    }

    [Fact]
    public async Task Every_row_says_how_it_ended()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        chat.Answer = row => row.GetProperty("title").GetString() switch
        {
            "Song 1" => new JsonObject { ["abstain"] = "unknown to me" },
            "Song 2" => new JsonObject { ["energy"] = "Extreme", ["tags"] = new JsonArray("a"), ["stars"] = 3 },
            _ => ScriptedChat.Good(),
        };
        var songs = Song.Many(4).Append(new Song(" ", "Nobody")).ToList();
        var job = RowmillJob.Over("songs", songs).Ask<Mood>("Judge.").Abstain().Require(s => s.Title).Pack(5).Model(chat, ScriptedChat.Name);

        var rows = await world.Rowmill.RunAsync(job, cancellationToken: Token).ToListAsync(Token);

        Assert.Equal([RowStatus.Abstained, RowStatus.Failed, RowStatus.Answered, RowStatus.Answered, RowStatus.Invalid], rows.Select(r => r.Status));
        Assert.Equal("unknown to me", rows[0].Reason);
        Assert.Contains("energy", rows[1].Reason);
        Assert.Equal((Energy.VeryLow, 3, null), (rows[2].Answer!.Energy, rows[2].Answer!.Stars, rows[2].Answer!.Note));
        Assert.Equal("title is blank", rows[4].Reason);

        // A failed row stays failed, from the store, until it is asked for again.
        var again = await world.Rowmill.RunAsync(job, cancellationToken: Token).ToListAsync(Token);
        Assert.Equal((RowStatus.Failed, true), (again[1].Status, again[1].FromCache));
        chat.Answer = _ => ScriptedChat.Good();
        var mended = await world.Rowmill.RunAsync(job, new RunOptions { RetryFailed = true }, Token).ToListAsync(Token);
        Assert.Equal((RowStatus.Answered, false), (mended[1].Status, mended[1].FromCache));
    }

    [Fact]
    public async Task A_run_that_is_refused_leaves_its_rows_pending_with_the_reason()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat { Response = () => throw new HttpRequestException("bad key", null, System.Net.HttpStatusCode.Unauthorized) };
        await using var run = world.Rowmill.Start(Job(chat, 20), cancellationToken: Token);

        var rows = await run.Results.ToListAsync(Token);

        Assert.All(rows, r => Assert.Equal(RowStatus.Pending, r.Status));
        Assert.All(rows, r => Assert.Contains("bad key", r.Reason));
        Assert.Equal(RunState.Refused, (await run.Completion).State);
    }

    [Fact]
    public async Task A_run_counts_and_gives_only_the_rows_it_was_told_to()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();

        var rows = await world.Rowmill.RunAsync(Job(chat, 20), new RunOptions { Offset = 3, Limit = 4 }, Token).ToListAsync(Token);

        Assert.Equal([3L, 4, 5, 6], rows.Select(r => r.Index));
        Assert.Equal(4, chat.RowsAsked);
    }

    [Fact]
    public async Task A_job_that_runs_is_not_run_twice()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        var held = new TaskCompletionSource();
        chat.Hold = held.Task;
        await using var run = world.Rowmill.Start(Job(chat, 20), cancellationToken: Token);
        await chat.Second;

        await Assert.ThrowsAsync<AlreadyRunningException>(async () => await world.Rowmill.RunAsync(Job(chat, 20), cancellationToken: Token).ToListAsync(Token));
        await using var second = world.Rowmill.Start(Job(chat, 20), cancellationToken: Token);
        await Assert.ThrowsAsync<AlreadyRunningException>(async () => await second.Events.ToListAsync(Token));
        await Assert.ThrowsAsync<AlreadyRunningException>(() => second.Completion);
        held.SetResult();
        Assert.Equal(RunState.Completed, (await run.Completion).State);
    }

    [Fact]
    public async Task Everything_that_is_wrong_with_a_job_is_told_before_anything_is_sent()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();

        Assert.Equal(["The job has no model."], await ProblemsAsync(Song.Many(1), j => j));
        Assert.Equal(
            ["acme/large is added twice.", "The price of acme/large is not known, so this budget cannot be kept.", "The price of acme/large is not known, so this budget cannot be kept."],
            await ProblemsAsync(Song.Many(1), j => j.Model(chat, ScriptedChat.Name).Model(chat, ScriptedChat.Name).Budget(1)));
        Assert.Equal(
            ["openai-compatible/x needs an address."], await ProblemsAsync(Song.Many(1), j => j.Model("openai-compatible/x")));
        Assert.Contains("groq-fre", Assert.Single(await ProblemsAsync(Song.Many(1), j => j.Model("groq/x", limits: "groq-fre"))), StringComparison.Ordinal);
        Assert.StartsWith("String is no object", Assert.Single(await ProblemsAsync(["a"], j => j.Model(chat, ScriptedChat.Name))));
        Assert.StartsWith("Unmatched cannot be read back", Assert.Single(await ProblemsAsync(Lazily(new Unmatched("a")), j => j.Model(chat, ScriptedChat.Name))));
        Assert.StartsWith("Silent cannot be read back", Assert.Single(await ProblemsAsync(Lazily(Silent.Of("a")), j => j.Model(chat, ScriptedChat.Name))));
        Assert.Throws<ProblemException>(() => Job(chat, 1).Model("grok/x"));
        Assert.Throws<ProblemException>(() => Job(chat, 1).Model(chat));
        Assert.Throws<ArgumentException>(() => Job(chat, 1).Fields(s => s.Title + s.Artist));
        Assert.Empty(chat.Calls);
        Assert.Empty(world.Spools());

        async Task<string[]> ProblemsAsync<T>(IEnumerable<T> rows, Func<RowmillJob<T, Mood>, RowmillJob<T, Mood>> change)
            where T : notnull
        {
            var job = change(RowmillJob.Over("songs", rows).Ask<Mood>("Judge."));
            var wrong = await Assert.ThrowsAsync<ProblemException>(async () => await world.Rowmill.RunAsync(job, cancellationToken: Token).ToListAsync(Token));
            return [.. wrong.Problems.Select(p => p.Message)];
        }
    }

    [Fact]
    public async Task Rows_may_be_dictionaries_or_of_no_name_or_none_at_all()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        var dictionaries = new List<Dictionary<string, string>> { new(StringComparer.Ordinal) { ["title"] = "a", ["id"] = "7" } };

        var one = RowmillJob.Over("one", dictionaries).Ask<Mood>("Judge.").Fields(r => r["title"]).Model(chat, ScriptedChat.Name);
        var two = RowmillJob.Over("two", Enumerable.Range(1, 3).Select(n => new { Number = n, Words = new[] { "a" } })).Ask<Mood>("Judge.").Model(chat, ScriptedChat.Name);
        var none = RowmillJob.Over("none", Song.Stream(0)).Ask<Mood>("Judge.").Fields(s => s.Title).Model(chat, ScriptedChat.Name);

        Assert.Same(dictionaries[0], (await world.Rowmill.RunAsync(one, cancellationToken: Token).SingleAsync(Token)).Row);
        Assert.Equal("""{"rows":[{"id":1,"title":"a"}]}""", chat.Calls[0].Messages[^1].Text);
        Assert.Equal([1, 2, 3], await world.Rowmill.RunAsync(two, cancellationToken: Token).Select(r => r.Row.Number).ToListAsync(Token));
        Assert.StartsWith("""{"rows":[{"id":1,"number":1,"words":["a"]},""", chat.Calls[1].Messages[^1].Text);
        await using var run = world.Rowmill.Start(none, cancellationToken: Token);
        Assert.Empty(await run.Results.ToListAsync(Token));
        Assert.Equal((RunState.Completed, 0L), ((await run.Completion).State, (await run.Completion).Rows.Total));
    }

    [Fact]
    public async Task The_output_is_written_when_the_loop_has_ended()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat();
        var job = Job(chat, 2).ToCsv(world.File("out.csv"), output => output with { Prefix = "my_" });

        await world.Rowmill.RunAsync(job, cancellationToken: Token).ToListAsync(Token);

        Assert.Equal(
            ["title,artist,year,my_status,my_error,my_energy,my_tags,my_stars,my_note", "Song 1,Artist 1,1951,answered,,Very Low,a,3,", "Song 2,Artist 2,1952,answered,,Very Low,a,3,"],
            await File.ReadAllLinesAsync(world.File("out.csv"), Token));
    }

    private static RowmillJob<Song, Mood> Job(ScriptedChat chat, int songs) =>
        RowmillJob.Over("songs", Song.Many(songs)).Ask<Mood>("Judge.").Pack(5).Model(chat, ScriptedChat.Name, r => r with { Limits = new RouteLimits { Concurrency = 1 } });

    private static IEnumerable<T> Lazily<T>(T row)
    {
        yield return row;
    }

    private sealed class Unmatched(string words)
    {
        public string Title { get; } = words;
    }

    private sealed class Silent
    {
        public string Title { get; private init; } = "";

        public static Silent Of(string title) => new() { Title = title };
    }
}
