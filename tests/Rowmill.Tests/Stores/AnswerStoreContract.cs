using Rowmill.Core;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.BatchLines;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract class AnswerStoreContract
{
    private static readonly AnswerScope s_scope = new("question", ["a/x@http://one", "b/y@http://two"]);

    protected abstract Task<StoreSubject> OpenAsync();

    [Fact]
    public async Task A_replys_answers_and_the_end_of_its_call_are_stored_together()
    {
        await using var store = await OpenAsync();
        var call = await store.Calls.OpenAsync(Intent(1));

        await store.Answers.AppendAsync(Pack(Answer(1)) with { CallId = call, Settlement = Settlement(call) });

        var record = Assert.Single(await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync());
        Assert.Equal((CallState.Settled, Settlement(call)), (record.State, record.Settlement));
    }

    [Fact]
    public async Task An_empty_store_finds_nothing()
    {
        await using var store = await OpenAsync();

        Assert.All(await store.Answers.FindAsync(s_scope, 1, 2), Assert.Null);
        Assert.False(await store.Answers.AnyAsync(s_scope));
        Assert.Equal(new UnusedAnswers(0, 0), await store.Answers.UnusedAsync("songs", s_scope));
    }

    [Fact]
    public async Task What_was_stored_comes_back_as_it_went_in()
    {
        await using var store = await OpenAsync();
        var at = Noon.AddTicks(1234567);
        await store.Answers.AppendAsync(Pack(Answer(1, """{"mood":"Høj","attempt":7}""", 3), Abstain(2), Fail(3, attempt: 4), Answer(4, "12", 12)) with
        {
            CallId = 9,
            At = at,
        });

        var found = await store.Answers.FindAsync(s_scope, 4, 3, 2, 1);

        Assert.Equal(["12", """{"reason":"wrong_form"}""", "\"no lyrics\"", """{"mood":"Høj","attempt":7}"""], found.Select(f => f.Text()));
        Assert.Equal([OutcomeKind.Answered, OutcomeKind.Failed, OutcomeKind.Abstained, OutcomeKind.Answered], found.Select(f => f!.Kind));
        Assert.Equal([12, 4, 1, 3], found.Select(f => f!.Attempt));
        Assert.All(found, f => Assert.Equal(("a/x@http://one", "run-1", 9L, at), (f!.Route, f.RunId, f.CallId, f.At)));
    }

    [Theory]
    [InlineData("""{"x":1,"attempt":2}""", 1)]
    [InlineData("""{"x":1,"attempt":2}""", 2)]
    [InlineData("""[1,2]""", 10)]
    [InlineData("5", 1)]
    [InlineData("""",\"attempt\":3"""", 2147483647)]
    public async Task An_answer_is_never_mixed_up_with_its_attempt(string json, int attempt)
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1, json, attempt)));

        var found = await store.Answers.FindAsync(s_scope, 1);

        Assert.Equal(json, found[0].Text());
        Assert.Equal(attempt, found[0]!.Attempt);
    }

    [Fact]
    public async Task An_answer_of_another_question_or_route_does_not_count()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1)) with { Question = "another" });
        await store.Answers.AppendAsync(Pack(Answer(2)) with { Route = "c/z@http://three" });

        Assert.All(await store.Answers.FindAsync(s_scope, 1, 2), Assert.Null);
        Assert.False(await store.Answers.AnyAsync(s_scope));
        Assert.True(await store.Answers.AnyAsync(new AnswerScope("another", ["a/x@http://one"])));
    }

    [Fact]
    public async Task Another_jobs_answer_to_the_same_question_counts()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1)) with { Job = "other", Lease = new Lease("other", "run-1", 1) });

        Assert.NotNull((await store.Answers.FindAsync(s_scope, 1))[0]);
    }

    [Fact]
    public async Task The_earliest_listed_route_wins_whenever_it_answered()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1, "\"one\"")));
        await store.Answers.AppendAsync(Pack(Answer(1, "\"two\"")) with { Route = "b/y@http://two" });

        Assert.Equal("\"one\"", (await store.Answers.FindAsync(s_scope, 1))[0].Text());
        Assert.Equal("\"two\"", (await store.Answers.FindAsync(s_scope with { Routes = ["b/y@http://two", "a/x@http://one"] }, 1))[0].Text());
    }

    [Fact]
    public async Task An_answer_of_any_route_beats_a_failure()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Abstain(1)) with { Route = "b/y@http://two" });
        await store.Answers.AppendAsync(Pack(Fail(1), Fail(2, "old")));
        await store.Answers.AppendAsync(Pack(Fail(2, "new")));

        var found = await store.Answers.FindAsync(s_scope, 1, 2);

        Assert.Equal("\"no lyrics\"", found[0].Text());
        Assert.Contains("new", found[1].Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Supersedes.EveryRoute)]
    [InlineData(Supersedes.OwnRoute)]
    public async Task An_answer_asked_afresh_supersedes_the_older_one_of_its_route(Supersedes supersedes)
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1, "\"old\""), Answer(2, "\"kept\"")));
        Assert.Equal("\"old\"", (await store.Answers.FindAsync(s_scope, 1))[0].Text());

        await store.Answers.AppendAsync(Pack(Answer(1, "\"new\"")) with { Supersedes = supersedes });

        Assert.Equal(["\"new\"", "\"kept\""], (await store.Answers.FindAsync(s_scope, 1, 2)).Select(f => f.Text()));
    }

    [Fact]
    public async Task An_answer_asked_afresh_supersedes_older_ones_of_every_route_and_newer_ones_follow_the_order_again()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1, "\"old\""), Answer(2, "\"kept\"")));
        await store.Answers.AppendAsync(Pack(Answer(1, "\"fresh\""), Fail(2)) with { Route = "b/y@http://two", Supersedes = Supersedes.EveryRoute });

        Assert.Equal(["\"fresh\"", "\"kept\""], (await store.Answers.FindAsync(s_scope, 1, 2)).Select(f => f.Text()));
        Assert.Equal("\"old\"", (await store.Answers.FindAsync(s_scope with { Routes = ["a/x@http://one"] }, 1))[0].Text());

        await store.Answers.AppendAsync(Pack(Answer(1, "\"newest\"")));
        Assert.Equal("\"newest\"", (await store.Answers.FindAsync(s_scope, 1))[0].Text());
    }

    [Fact]
    public async Task An_answer_asked_afresh_of_its_route_alone_leaves_the_order_of_the_routes()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Answer(1, "\"first\"")));
        await store.Answers.AppendAsync(Pack(Answer(1, "\"old\"")) with { Route = "b/y@http://two" });
        await store.Answers.AppendAsync(Pack(Answer(1, "\"new\"")) with { Route = "b/y@http://two", Supersedes = Supersedes.OwnRoute });

        Assert.Equal("\"first\"", (await store.Answers.FindAsync(s_scope, 1))[0].Text());
        Assert.Equal("\"new\"", (await store.Answers.FindAsync(s_scope with { Routes = ["b/y@http://two"] }, 1))[0].Text());
    }

    [Fact]
    public async Task Of_failures_the_newest_counts_whatever_its_route()
    {
        await using var store = await OpenAsync();
        await store.Answers.AppendAsync(Pack(Fail(1, "old")));
        await store.Answers.AppendAsync(Pack(Fail(1, "new")) with { Route = "b/y@http://two" });

        Assert.Contains("new", (await store.Answers.FindAsync(s_scope, 1))[0].Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unused_answers_are_those_outside_the_scope_with_their_cost_counted_once_per_call()
    {
        await using var store = await OpenAsync();
        var used = await store.Calls.OpenAsync(Intent(1));
        var unused = await store.Calls.OpenAsync(Intent(2, 3, 4) with { Question = "earlier" });
        var moved = await store.Calls.OpenAsync(Intent(5) with { Route = "c/z@http://three" });
        await store.Answers.AppendAsync(Pack(Answer(1)) with { CallId = used });
        await store.Answers.AppendAsync(Pack(Answer(2), Abstain(3), Fail(4)) with { CallId = unused, Question = "earlier" });
        await store.Answers.AppendAsync(Pack(Answer(5)) with { CallId = moved, Route = "c/z@http://three" });
        foreach (var call in new[] { used, unused, moved }) await store.Calls.SettleAsync(Settlement(call, 0.125m));

        Assert.Equal(new UnusedAnswers(3, 0.25m), await store.Answers.UnusedAsync("songs", s_scope));
        Assert.Equal(new UnusedAnswers(0, 0), await store.Answers.UnusedAsync("other", s_scope));
    }

    [Fact]
    public async Task Answers_to_a_question_asked_apart_are_found_under_it_alone_and_never_unused()
    {
        await using var store = await OpenAsync();
        var apart = AnswerScope.Apart(s_scope.Question, "audit/7/alone");
        var call = await store.Calls.OpenAsync(Intent(1) with { Question = apart });
        await store.Answers.AppendAsync(Pack(Answer(1)) with { CallId = call, Question = apart });
        await store.Calls.SettleAsync(Settlement(call, 0.125m));

        Assert.Null((await store.Answers.FindAsync(s_scope, 1))[0]);
        Assert.NotNull((await store.Answers.FindAsync(s_scope with { Question = apart }, 1))[0]);
        Assert.Equal(new UnusedAnswers(0, 0), await store.Answers.UnusedAsync("songs", s_scope));
        Assert.Equal(new UnusedAnswers(0, 0), await store.Answers.UnusedAsync("songs", s_scope with { Question = "later" }));
        Assert.Equal(0.125m, await store.Calls.SpentAsync("songs"));
    }

    [Fact]
    public async Task A_run_whose_job_was_taken_over_cannot_store()
    {
        await using var store = await OpenAsync();
        var owner = new LeaseOwner("here", 1, "1");
        store.Alive[owner] = false;
        var old = (await store.Lease.AcquireAsync("songs", "run-1", owner)).Granted!;
        var taken = (await store.Lease.AcquireAsync("songs", "run-2", owner)).Granted!;

        await Assert.ThrowsAsync<LeaseLostException>(async () => await store.Answers.AppendAsync(Pack(Answer(1)) with { Lease = old }));
        await store.Answers.AppendAsync(Pack(Answer(2)) with { RunId = "run-2", Lease = taken });

        Assert.Equal([true, false], (await store.Answers.FindAsync(s_scope, 1, 2)).Select(f => f is null));
    }

    [Fact]
    public async Task An_answer_with_a_line_break_and_a_pack_without_rows_are_refused()
    {
        await using var store = await OpenAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Answers.AppendAsync(Pack(Answer(1, "{\n}"))));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Answers.AppendAsync(Pack(Answer(1, ""))));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Answers.AppendAsync(Pack()));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.Answers.FindAsync(s_scope, new[] { Key(1) }, new StoredOutcome?[2]));
    }

    [Fact]
    public async Task Many_at_once_all_arrive()
    {
        await using var store = await OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 200).Select(
            i => store.Answers.AppendAsync(Pack(Answer(2 * i, $"{i}"), Abstain(2 * i + 1))).AsTask()));

        var found = await store.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, 400)]);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), found.Where((_, i) => i % 2 == 0).Select(f => f.Text()));
        Assert.All(found.Where((_, i) => i % 2 == 1), f => Assert.Equal(OutcomeKind.Abstained, f!.Kind));
    }

    [Fact]
    public async Task What_a_line_of_a_batch_brought_is_stored_with_its_call_and_ends_the_line_once()
    {
        await using var store = await OpenAsync();
        await store.Calls.OpenAsync(Intent(1));
        await store.Batches.AddAsync(Batch(lines: 2));
        var call = Call(1, rest: "[11]");
        await store.Answers.AppendAsync(PackOf(call, Answer(10, "\"first\"")));
        await store.Answers.AppendAsync(PackOf(call, Answer(10, "\"second\""), Answer(11)));
        await store.Answers.AppendAsync(PackOf(Call(7), Answer(70)));

        var stored = Assert.Single((await store.Calls.ReadAsync(new CallQuery("songs")).ToListAsync()), c => c.State == CallState.Settled);
        var found = await store.Answers.FindAsync(s_scope, 10, 11, 70);
        Assert.Equal(["\"first\"", "", ""], found.Select(f => f.Text()));
        Assert.Equal(stored.CallId, found[0]!.CallId);
        Assert.Equal(new BatchPlace("b-1", 1), stored.Intent.Place);
        Assert.Equal(0.2m, stored.Settlement!.Usd);
        Assert.Equal([2], await store.Batches.OpenAsync());
        Assert.Equal(["b-1 1 [11]"], await store.Batches.LeftAsync());
        Assert.Equal(new UnusedAnswers(1, 0.2m), await store.Answers.UnusedAsync("songs", s_scope with { Question = "later" }));
    }

    [Fact]
    public async Task A_line_of_a_batch_without_its_place_or_its_end_is_refused()
    {
        await using var store = await OpenAsync();
        await store.Batches.AddAsync(Batch(lines: 1));

        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Answers.AppendAsync(PackOf(Intent(10), Answer(10))));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.Answers.AppendAsync(PackOf(Call(1), Answer(10)) with { Settlement = null }));

        Assert.Equal([1], await store.Batches.OpenAsync());
    }
}

public sealed class MemoryAnswerStoreTests : AnswerStoreContract
{
    protected override Task<StoreSubject> OpenAsync() => Task.FromResult(StoreSubject.Memory());
}

public sealed class SqliteAnswerStoreTests : AnswerStoreContract
{
    protected override Task<StoreSubject> OpenAsync() => StoreSubject.SqliteAsync();
}
