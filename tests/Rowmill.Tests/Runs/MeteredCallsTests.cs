using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

public sealed class MeteredCallsTests : IDisposable
{
    private static readonly Route s_route = RunWorld.Route("a", new RouteLimits { RequestsPerMinute = 2, Concurrency = 2 }) with { Price = new Price(1, 2) };

    private readonly RunWorld _world = new();
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;
    private int _sent;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_call_stands_in_the_ledger_before_it_leaves_and_with_its_cost_after()
    {
        await using var calls = await OpenAsync();
        CallState? whileSent = null;

        var reply = await calls.CallAsync(Call(async () =>
        {
            whileSent = (await LedgerAsync("chat"))[0].State;
            return new("hello", null) { Usage = new TokenUsage(1_000_000, 0, 500_000), RequestId = "req_1" };
        }), _stop);

        Assert.Equal(("hello", CallState.Open), (reply.Value, whileSent));
        var record = Assert.Single(await LedgerAsync("chat"));
        Assert.Equal((CallState.Settled, 2m, "req_1", 1), (record.State, record.Settlement!.Usd, record.Settlement.RequestId, record.Settlement.GoodRows));
        Assert.Equal(new RowKey(1, 2), Assert.Single(record.Intent.Rows));
    }

    [Fact]
    public async Task No_call_leaves_that_a_window_would_refuse_and_each_waits_its_time()
    {
        await using var calls = await OpenAsync();
        var began = _world.Clock.GetUtcNow();

        for (var i = 0; i < 4; i++) Assert.Equal("ok", (await calls.CallAsync(Call(Ok), _stop)).Value);

        Assert.InRange(_world.Clock.GetUtcNow() - began, TimeSpan.FromSeconds(59), TimeSpan.FromSeconds(65));
    }

    [Fact]
    public async Task A_wait_longer_than_the_patience_is_told_and_nothing_is_sent()
    {
        await using var calls = await OpenAsync();
        for (var i = 0; i < 2; i++) await calls.CallAsync(Call(Ok), _stop);

        var reply = await calls.CallAsync(Call(Ok) with { Patience = TimeSpan.FromSeconds(5) }, _stop);

        Assert.Equal(FailureKind.RateLimited, reply.Failure?.Kind);
        Assert.InRange(reply.Failure!.RetryAfter!.Value, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(31));
        Assert.Equal(2, _sent);
        Assert.Equal(2, (await LedgerAsync("chat")).Count);
    }

    [Fact]
    public async Task What_passes_is_asked_again_and_what_does_not_is_told_at_once()
    {
        await using var calls = await OpenAsync();
        var replies = new Queue<FailureKind?>([FailureKind.Unavailable, FailureKind.RateLimited, null, FailureKind.KeyRefused]);
        ValueTask<MeteredReply<string>> Next()
        {
            _sent++;
            return new(replies.Dequeue() is { } kind ? MeteredReply<string>.Failed(kind, "no") : new MeteredReply<string>("ok", null));
        }

        var free = s_route with { Limits = RouteLimits.None };
        Assert.Equal("ok", (await calls.CallAsync(Call(Next) with { Route = free }, _stop)).Value);
        Assert.Equal(FailureKind.KeyRefused, (await calls.CallAsync(Call(Next) with { Route = free }, _stop)).Failure?.Kind);

        Assert.Equal(4, _sent);
        Assert.Equal(
            [FailureKind.Unavailable, FailureKind.RateLimited, null, FailureKind.KeyRefused],
            (await LedgerAsync("chat")).Select(c => c.Settlement!.Failure));
    }

    [Fact]
    public async Task A_service_that_stays_away_is_given_up_when_the_patience_is_over()
    {
        await using var calls = await OpenAsync();
        var began = _world.Clock.GetUtcNow();

        var reply = await calls.CallAsync(
            Call(() => new(MeteredReply<string>.Failed(FailureKind.Unavailable, "overloaded"))) with { Route = s_route with { Limits = RouteLimits.None } }, _stop);

        Assert.Equal((FailureKind.Unavailable, "overloaded"), (reply.Failure!.Kind, reply.Failure.Message));
        Assert.InRange(_world.Clock.GetUtcNow() - began, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_call_given_up_in_flight_is_in_doubt_for_the_next_who_bears_the_name()
    {
        var calls = await OpenAsync();
        using var caller = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await calls.CallAsync(Call(async () =>
        {
            await caller.CancelAsync();
            caller.Token.ThrowIfCancellationRequested();
            return new("never", null);
        }), caller.Token));
        await calls.DisposeAsync();
        _world.Advance(TimeSpan.FromSeconds(1));

        await using var next = await OpenAsync();

        Assert.Equal(CallState.InDoubt, Assert.Single(await LedgerAsync("chat")).State);
        Assert.Equal("chat", next.Name);
    }

    [Fact]
    public async Task A_name_that_is_taken_gets_a_number()
    {
        await using var first = await OpenAsync();
        await using var second = await OpenAsync();
        Assert.Equal(("chat", "chat-2"), (first.Name, second.Name));
    }

    private async Task<MeteredCalls> OpenAsync() => await MeteredCalls.OpenAsync(_world.Environment with { Chance = () => 0.5 }, "chat", _stop);

    private ValueTask<MeteredReply<string>> Ok()
    {
        _sent++;
        return new(new MeteredReply<string>("ok", null));
    }

    private static MeteredCall<string> Call(Func<ValueTask<MeteredReply<string>>> send) => new()
    {
        Route = s_route,
        Question = "chat",
        Rows = [new RowKey(1, 2)],
        Demand = new Demand(100, 50),
        Send = _ => send(),
    };

    private async Task<List<CallRecord>> LedgerAsync(string name)
    {
        var calls = new List<CallRecord>();
        await foreach (var call in _world.Store.Calls.ReadAsync(new CallQuery(name), _stop)) calls.Add(call);
        return calls;
    }
}
