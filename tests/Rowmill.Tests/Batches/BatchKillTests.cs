using Rowmill.Core;
using Rowmill.Core.Batches;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

/// <summary>
/// A process that stops dead at a moment of a job's batches, and the next one, which finds the store as it was left. The dead one does not even
/// clean up: its thread never comes back from the moment, its lease stays.
/// </summary>
public sealed class BatchKillTests
{
    private const int Rows = 60;

    /// <summary>Of five rows each: three batches.</summary>
    private const int LinesOfBatch = 4;

    private static readonly ModelFailure s_lost = new(FailureKind.ConnectionLost, "the connection broke");

    public static TheoryData<Transition> Moments { get; } =
        [.. Enum.GetValues<Transition>().Where(t => t is not (>= Transition.Reserved and <= Transition.OutcomeStored))];

    [Theory]
    [MemberData(nameof(Moments))]
    public Task A_kill_makes_no_batch_twice_and_loses_and_pays_no_row_twice(Transition moment) => KillEachAsync(moment, _ => { });

    [Theory]
    [MemberData(nameof(Moments))]
    public Task Nor_where_the_service_keeps_no_name(Transition moment) => KillEachAsync(moment, s => s.Caps = s.Caps with { KeepsName = false });

    [Theory]
    [MemberData(nameof(Moments))]
    public Task Nor_when_the_reply_to_the_creation_is_lost_too(Transition moment) => KillEachAsync(moment, Lose);

    [Theory]
    [MemberData(nameof(Moments))]
    public Task Nor_when_it_is_lost_where_no_name_is_kept(Transition moment) => KillEachAsync(moment, s =>
    {
        Lose(s);
        s.Caps = s.Caps with { KeepsName = false };
    });

    [Theory]
    [MemberData(nameof(Moments))]
    public Task Nor_when_the_list_lags(Transition moment) => KillEachAsync(moment, s => s.ListLag = TimeSpan.FromSeconds(20));

    [Theory]
    [MemberData(nameof(Moments))]
    public Task Nor_when_everything_comes_together(Transition moment) => KillEachAsync(moment, s =>
    {
        Lose(s);
        s.Caps = s.Caps with { KeepsName = false };
        s.ListLag = TimeSpan.FromSeconds(20);
    });

    /// <summary>The first creation and every third one after it arrive, and nobody hears of it.</summary>
    private static void Lose(FakeBatches service) => service.OnCreate = n => n % 3 == 1 ? (s_lost, true) : null;

    private static async Task KillEachAsync(Transition moment, Action<FakeBatches> service)
    {
        Assert.True(await KillAsync(moment, 1, service), $"{moment} is never passed");
        // And in the middle of the work.
        if (moment is >= Transition.BatchPrepared and <= Transition.BatchEnded) await KillAsync(moment, 2, service);
    }

    /// <returns>False when the moment never came.</returns>
    private static async Task<bool> KillAsync(Transition moment, int count, Action<FakeBatches> spoil)
    {
        using var batches = new BatchWorld();
        var (world, service) = (batches.World, batches.Service());
        world.Table(RunWorld.Titles(Rows));
        world.Job = world.Job with { Batch = new BatchOptions { Rollout = [20] } };
        service.Caps = new(LinesOfBatch, 100_000_000);
        spoil(service);
        using var over = new ManualResetEventSlim();
        var dead = new HashSet<LeaseOwner>();
        var died = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = count;

        var first = await OpenAsync();
        world.Environment = EnvironmentOf(first, 1) with { Passed = Pass };
        var killed = Task.Run(() => new BatchRunner(world.Environment).RunAsync(world.Job, new RunOptions(), detach: false), TestContext.Current.CancellationToken);
        await Task.WhenAny(killed, died.Task).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        dead.Add(OwnerOf(1));
        if (killed.IsCompleted) await killed;
        else Assert.True(died.Task.IsCompleted);

        await first.DisposeAsync();
        var second = await OpenAsync();
        world.Environment = EnvironmentOf(second, 2) with { Passed = null };
        var report = await batches.RunAsync();
        var records = await second.Batches.ReadAsync(world.Job.Name, TestContext.Current.CancellationToken);

        over.Set();
        await Task.WhenAny(killed).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await second.DisposeAsync();
        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(Rows, report.Summary.Rows.Answered);
        Assert.Equal(Enumerable.Repeat("Low", Rows), await world.ColumnAsync("ai_energy"));
        Assert.Equal(Rows, service.Charged.Count);
        Assert.All(service.Charged.Values, times => Assert.Equal(1, times));
        Assert.Equal(3, service.All.Count);
        Assert.Equal((Rows, Rows), (records.Sum(r => r.AskedRows), records.Sum(r => r.GoodRows)));
        Assert.Equal(3, service.All.Select(b => b.Lines[0].Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(service.All.Select(b => b.Id).Order(StringComparer.Ordinal), records.Where(r => r.Phase == BatchPhase.Ended).Select(r => r.ServiceId!).Order(StringComparer.Ordinal));
        return died.Task.IsCompleted;

        void Pass(Transition passed)
        {
            if (passed != moment || Interlocked.Decrement(ref left) != 0) return;
            died.SetResult();
            over.Wait();
            throw new InvalidOperationException("it is dead");
        }

        ValueTask<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(
            Path.Combine(world.Job.Directory, "rowmill.db"), world.Clock, new SqliteStoreOptions { IsAlive = owner => !dead.Contains(owner) },
            TestContext.Current.CancellationToken);

        RunEnvironment EnvironmentOf(SqliteStore store, int process) => world.Environment with
        {
            Answers = store.Answers,
            Calls = store.Calls,
            Leases = store.Lease,
            Events = store.Events,
            Runs = store.Runs,
            Batches = store.Batches,
            Owner = OwnerOf(process),
        };

        static LeaseOwner OwnerOf(int process) => new("test", process, "0");
    }
}
