using System.Globalization;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

/// <summary>What the ledger tells of batches: doubt, places, shares.</summary>
public sealed class BatchDoubtTests : IDisposable
{
    private readonly BatchWorld _batches = new();

    public BatchDoubtTests() => World.Job = World.Job with { Routes = [RunWorld.Route("a") with { Price = new Price(1, 2) { BatchInput = 0.25m, BatchOutput = 0.75m } }] };

    private RunWorld World => _batches.World;

    private FakeBatches Service => _batches.Service();

    public void Dispose() => _batches.Dispose();

    [Fact]
    public async Task A_batch_whose_creation_had_no_reply_is_in_doubt_until_it_is_found()
    {
        var left = await LoseAsync(wasMade: true);

        var online = await World.RunAsync();
        Assert.Equal(Doubt(left), online.InDoubt);
        Assert.Equal((0L, 4L), (online.Cleared.Calls, online.Cleared.Left));
        Assert.Equal((20L, 0L), (online.Rows.Pending, online.Calls.Sent));
        Assert.Equal(1, (int)World.Seen.Events.Single(e => e.Kind == "in_doubt").Data["batches"]!);

        var found = (await _batches.RunAsync()).Summary;
        Assert.Equal((RunState.Completed, Doubt(left), 0L), (found.State, found.InDoubt, found.Cleared.Left));
        Assert.Equal(new Doubt(0, 0, 0), (await _batches.RunAsync()).Summary.InDoubt);
        Assert.Single(Service.All);
    }

    [Fact]
    public async Task One_that_was_never_made_is_in_doubt_until_the_list_has_had_its_time()
    {
        var left = await LoseAsync(wasMade: false);
        World.Advance(TimeSpan.FromHours(1));

        var fetched = await _batches.StepAsync(r => r.FetchAsync(World.Job, new RunOptions()));
        Assert.Equal((Doubt(left), 0L), (fetched.Summary.InDoubt, fetched.Summary.Cleared.Left));
        Assert.Equal(BatchPhase.Prepared, Assert.Single(await _batches.RecordsAsync()).Phase);
        Assert.Equal(new Doubt(0, 0, 0), (await World.RunAsync()).InDoubt);
    }

    [Fact]
    public async Task The_receipts_of_a_batch_add_up_to_its_lines_at_the_price_in_a_batch()
    {
        World.Job = World.Job with { Output = World.Job.Output with { Receipt = true } };
        World.Table(RunWorld.Titles(13));

        var report = await _batches.RunAsync();

        var calls = await World.CallsAsync();
        var batch = Assert.Single(report.Batches).Record;
        Assert.Equal([(batch.Name, 1), (batch.Name, 2), (batch.Name, 3)], calls.Select(c => (c.Intent.Place!.Batch, c.Intent.Place.Line)).Order());
        // 100 tokens of prompt and 10 of reply.
        Assert.All(calls, c => Assert.Equal((100 * 0.25m + 10 * 0.75m) / 1_000_000, c.Settlement!.Usd));
        var usd = (await World.ColumnAsync("ai_usd")).Select(c => decimal.Parse(c, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(3 * (100 * 0.25m + 10 * 0.75m) / 1_000_000, usd.Sum());
        Assert.Equal(calls.Select(c => c.CallId.ToString(CultureInfo.InvariantCulture)).Order(), (await World.ColumnAsync("ai_call")).Distinct().Order());
        Assert.Equal(report.Summary.Usd, usd.Sum());
    }

    private static Doubt Doubt(BatchRecord left) => new(4, 20, left.MaxUsd!.Value) { Batches = 1 };

    /// <summary>Sends a batch of 20 rows whose creation brings no reply.</summary>
    private async Task<BatchRecord> LoseAsync(bool wasMade)
    {
        World.Table(RunWorld.Titles(20));
        Service.OnCreate = n => n == 1 ? (new ModelFailure(FailureKind.ConnectionLost, "the connection broke"), wasMade) : null;
        await _batches.StepAsync(r => r.PrepareAsync(World.Job, new RunOptions()));
        await _batches.StepAsync(r => r.SubmitAsync(World.Job, new RunOptions()));
        var left = Assert.Single(await _batches.RecordsAsync());
        Assert.True(left.IsInDoubt);
        return left;
    }
}
