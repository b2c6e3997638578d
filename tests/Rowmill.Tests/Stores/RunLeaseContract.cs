using Rowmill.Core;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Stores;

public abstract class RunLeaseContract
{
    private static readonly LeaseOwner s_here = new("here", 1, "100");
    private static readonly LeaseOwner s_away = new("away", 2, "200");

    protected abstract Task<StoreSubject> OpenAsync();

    [Fact]
    public async Task A_free_job_is_granted_and_its_holder_named_to_others()
    {
        await using var store = await OpenAsync();
        store.Alive[s_here] = true;
        var since = store.Clock.GetUtcNow();

        var granted = await store.Lease.AcquireAsync("songs", "run-1", s_here);
        store.Clock.Advance(TimeSpan.FromHours(5));
        var refused = await store.Lease.AcquireAsync("songs", "run-2", s_away);

        Assert.Equal(new LeaseGrant(new Lease("songs", "run-1", 1)), granted);
        Assert.Equal(new LeaseGrant(null, s_here, since), refused);
        Assert.NotNull((await store.Lease.AcquireAsync("other", "run-2", s_away)).Granted);
    }

    [Fact]
    public async Task The_lease_of_a_dead_process_is_taken_at_once()
    {
        await using var store = await OpenAsync();
        store.Alive[s_here] = false;
        var old = (await store.Lease.AcquireAsync("songs", "run-1", s_here)).Granted!;

        var taken = (await store.Lease.AcquireAsync("songs", "run-2", s_here)).Granted!;

        Assert.Equal(2, taken.Token);
        Assert.False(await store.Lease.RenewAsync(old));
        Assert.True(await store.Lease.RenewAsync(taken));
    }

    [Fact]
    public async Task A_holder_elsewhere_is_dead_after_its_silence()
    {
        await using var store = await OpenAsync();
        var lease = (await store.Lease.AcquireAsync("songs", "run-1", s_away)).Granted!;
        store.Clock.Advance(IRunLease.Silence - TimeSpan.FromSeconds(1));
        Assert.True(await store.Lease.RenewAsync(lease));
        store.Clock.Advance(IRunLease.Silence - TimeSpan.FromTicks(1));
        Assert.Null((await store.Lease.AcquireAsync("songs", "run-2", s_here)).Granted);

        store.Clock.Advance(TimeSpan.FromTicks(1));

        Assert.NotNull((await store.Lease.AcquireAsync("songs", "run-2", s_here)).Granted);
        Assert.False(await store.Lease.RenewAsync(lease));
    }

    [Fact]
    public async Task A_released_job_is_free_and_its_token_goes_on_rising()
    {
        await using var store = await OpenAsync();
        store.Alive[s_here] = true;
        var lease = (await store.Lease.AcquireAsync("songs", "run-1", s_here)).Granted!;

        await store.Lease.ReleaseAsync(lease);
        Assert.False(await store.Lease.RenewAsync(lease));

        Assert.Equal(lease.Token + 1, (await store.Lease.AcquireAsync("songs", "run-2", s_here)).Granted?.Token);
    }

    [Fact]
    public async Task A_look_tells_whether_a_live_run_holds_the_job_and_takes_nothing()
    {
        await using var store = await OpenAsync();
        Assert.Equal(new LeaseLook(0, null), await store.Lease.LookAsync("songs"));
        store.Alive[s_here] = true;
        var lease = (await store.Lease.AcquireAsync("songs", "run-1", s_here)).Granted!;
        Assert.Equal(new LeaseLook(1, lease), await store.Lease.LookAsync("songs"));
        store.Alive[s_here] = false;
        Assert.Equal(new LeaseLook(1, null), await store.Lease.LookAsync("songs"));
        Assert.True(await store.Lease.RenewAsync(lease));

        var away = (await store.Lease.AcquireAsync("songs", "run-2", s_away)).Granted!;
        Assert.Equal(new LeaseLook(2, away), await store.Lease.LookAsync("songs"));
        store.Clock.Advance(IRunLease.Silence);
        Assert.Equal(new LeaseLook(2, null), await store.Lease.LookAsync("songs"));
        Assert.True(await store.Lease.RenewAsync(away));
        Assert.Equal(new LeaseLook(2, away), await store.Lease.LookAsync("songs"));
        await store.Lease.ReleaseAsync(away);
        Assert.Equal(new LeaseLook(2, null), await store.Lease.LookAsync("songs"));
    }

    [Fact]
    public async Task Releasing_a_lease_that_another_took_changes_nothing()
    {
        await using var store = await OpenAsync();
        store.Alive[s_here] = false;
        var old = (await store.Lease.AcquireAsync("songs", "run-1", s_here)).Granted!;
        var taken = (await store.Lease.AcquireAsync("songs", "run-2", s_here)).Granted!;

        await store.Lease.ReleaseAsync(old);

        Assert.True(await store.Lease.RenewAsync(taken));
    }

    [Fact]
    public async Task Of_many_who_ask_at_once_one_is_granted()
    {
        await using var store = await OpenAsync();
        store.Alive[s_here] = true;

        var grants = await Task.WhenAll(Enumerable.Range(0, 20).Select(
            i => Task.Run(async () => await store.Lease.AcquireAsync("songs", $"run-{i}", s_here))));

        Assert.Single(grants, g => g.Granted is not null);
    }
}

public sealed class MemoryRunLeaseTests : RunLeaseContract
{
    protected override Task<StoreSubject> OpenAsync() => Task.FromResult(StoreSubject.Memory());
}

public sealed class SqliteRunLeaseTests : RunLeaseContract
{
    protected override Task<StoreSubject> OpenAsync() => StoreSubject.SqliteAsync();
}
