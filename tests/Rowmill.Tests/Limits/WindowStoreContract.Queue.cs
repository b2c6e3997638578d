using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Limits;

public abstract partial class WindowStoreContract
{
    private static readonly RouteLimits s_queue = new() { EnqueuedTokens = 1_000 };

    [Fact]
    public async Task A_batch_enters_the_queue_when_it_fits_with_the_others()
    {
        Assert.Equal(State(600, 1_000, 1, granted: true), await EnterAsync("a", 600));
        Assert.Equal(State(600, 1_000, 1, granted: false), await EnterAsync("b", 401));
        Assert.Equal(State(1_000, 1_000, 2, granted: true), await EnterAsync("b", 400));
        Assert.Equal(State(1_000, 1_000, 2, granted: false), await EnterAsync("c", 1));
        Assert.Equal(State(1_000, 1_000, 2, granted: false), await Store.QueueAsync(Groq, s_queue));

        await Store.DequeueAsync(Groq, "a");
        await Store.DequeueAsync(Groq, "never");
        Assert.Equal(State(1_000, 1_000, 2, granted: true), await EnterAsync("c", 600));
    }

    [Fact]
    public async Task A_batch_larger_than_the_queue_never_enters()
    {
        Assert.False((await EnterAsync("a", 1_001)).Granted);
        Assert.False((await EnterAsync("a", long.MaxValue)).Granted);
        Assert.True((await EnterAsync("a", 1_000)).Granted);
    }

    [Fact]
    public async Task A_batch_that_is_in_the_queue_stays_as_it_is()
    {
        await EnterAsync("a", 900);

        Assert.Equal(State(900, 1_000, 1, granted: true), await EnterAsync("a", 500));
        Assert.Equal(State(900, 100, 1, granted: true), await EnterAsync("a", 900, new() { EnqueuedTokens = 100 }));
    }

    [Fact]
    public async Task Without_a_known_limit_every_batch_enters()
    {
        var granted = await EnterAsync("a", 5_000_000_000, RouteLimits.None);

        Assert.Equal(new QueueState(5_000_000_000, null) { Granted = true, Batches = 1 }, granted);
        Assert.Equal(new QueueState(5_000_000_000, null) { Batches = 1 }, await Store.QueueAsync(Groq, RouteLimits.None));
    }

    [Fact]
    public async Task Of_the_job_s_limit_and_the_learned_one_the_smaller_counts()
    {
        await Store.LearnQueueAsync(Groq, 700);
        Assert.Equal(State(0, 700, 0, granted: false) with { Source = WindowSource.Learned }, await Store.QueueAsync(Groq, s_queue));
        Assert.Equal(State(0, 700, 0, granted: false) with { Source = WindowSource.Learned }, await Store.QueueAsync(Groq, RouteLimits.None));
        Assert.Equal(State(0, 500, 0, granted: false), await Store.QueueAsync(Groq, new() { EnqueuedTokens = 500 }));
        Assert.False((await EnterAsync("a", 701)).Granted);

        // Its last word counts, in both directions.
        await Store.LearnQueueAsync(Groq, 90);
        Assert.False((await EnterAsync("a", 91)).Granted);
        await Store.LearnQueueAsync(Groq, 2_000);
        Assert.Equal(State(1_000, 1_000, 1, granted: true), await EnterAsync("a", 1_000));
    }

    [Fact]
    public async Task A_learned_limit_that_was_not_told_again_is_no_longer_believed()
    {
        await Store.LearnQueueAsync(Groq, 700);

        Clock.Advance(KeptWindow.LimitTrust);
        Assert.Equal(700, (await Store.QueueAsync(Groq, s_queue)).Limit);
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(State(0, 1_000, 0, granted: false), await Store.QueueAsync(Groq, s_queue));
    }

    [Fact]
    public async Task Room_that_nobody_gives_back_is_free_when_its_time_is_over()
    {
        await EnterAsync("a", 600);
        Clock.Advance(TimeSpan.FromHours(1));
        await EnterAsync("b", 400);

        Clock.Advance(TimeSpan.FromHours(47) - TimeSpan.FromSeconds(1));
        Assert.Equal(1_000, (await Store.QueueAsync(Groq, s_queue)).Used);
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(State(400, 1_000, 1, granted: false), await Store.QueueAsync(Groq, s_queue));
        Assert.Equal(State(1_000, 1_000, 2, granted: true), await EnterAsync("c", 600));
    }

    [Fact]
    public async Task Each_model_has_a_queue_of_its_own()
    {
        var other = Groq with { Model = "openai/gpt-oss-20b" };
        await EnterAsync("a", 1_000);

        Assert.Equal(0, (await Store.QueueAsync(other, s_queue)).Used);
        await Store.DequeueAsync(other, "a");
        Assert.Equal(1_000, (await Store.QueueAsync(Groq, s_queue)).Used);
    }

    [Fact]
    public async Task The_queue_stands_beside_the_windows_while_there_is_something_to_tell_of_it()
    {
        await Ask(new() { RequestsPerMinute = 2 }, 1);
        Assert.Null(Assert.Single(await Store.ReadAsync()).Queue);

        await EnterAsync("a", 600, RouteLimits.None);
        Assert.Equal(new QueueState(600, null) { Batches = 1 }, Assert.Single(await Store.ReadAsync()).Queue);
        await EnterAsync("b", 300);
        Assert.Equal(State(900, 1_000, 2, granted: false), Assert.Single(await Store.ReadAsync()).Queue);
        await Store.DequeueAsync(Groq, "a");
        await Store.DequeueAsync(Groq, "b");
        Assert.Equal(State(0, 1_000, 0, granted: false), Assert.Single(await Store.ReadAsync()).Queue);
        Assert.Single(Assert.Single(await Store.ReadAsync()).Windows);
    }

    [Fact]
    public async Task Looking_at_a_queue_does_not_make_its_owner_known()
    {
        await Store.QueueAsync(Groq, s_queue);
        await Store.DequeueAsync(Groq, "a");

        Assert.Empty(await Store.ReadAsync());
    }

    private ValueTask<QueueState> EnterAsync(string batch, long tokens, RouteLimits? limits = null) =>
        Store.EnqueueAsync(new QueueRequest(Groq, limits ?? s_queue, batch, tokens, Clock.GetUtcNow().AddHours(48)));

    private static QueueState State(long used, long limit, int batches, bool granted) =>
        new(used, limit) { Batches = batches, Source = WindowSource.Job, Granted = granted };
}
