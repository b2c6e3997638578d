using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

/// <summary>What proves that a batch is ours, and what does not.</summary>
public sealed class BatchReconciliationTests
{
    [Fact]
    public async Task Results_that_break_off_or_begin_with_a_foreign_line_do_not_make_ours_a_strangers()
    {
        using var batches = new BatchWorld();
        var service = batches.Service();
        var lost = new ModelFailure(FailureKind.ConnectionLost, "the connection broke");
        batches.World.Table(RunWorld.Titles(20));
        service.Caps = service.Caps with { KeepsName = false };
        service.OnCreate = n => n == 1 ? (lost, true) : null;
        service.OnDownload = n => n <= 2 ? lost : null;
        service.Deliver = lines => ["{\"id\":\"foreign-1\",\"reply\":\"{}\"}", .. lines];

        var report = await batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Single(service.All);
        Assert.Equal(1, service.Creations);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-7)]
    public async Task A_service_whose_clock_is_far_from_ours_is_looked_at_in_time_and_its_lost_batch_is_found(int hoursAhead)
    {
        using var batches = new BatchWorld();
        var service = batches.Service();
        batches.World.Table(RunWorld.Titles(20));
        service.Ahead = TimeSpan.FromHours(hoursAhead);
        service.Caps = service.Caps with { KeepsName = false };
        service.OnCreate = n => n == 1 ? (new ModelFailure(FailureKind.ConnectionLost, "the connection broke"), true) : null;
        var began = batches.World.Clock.GetUtcNow();

        var report = await batches.RunAsync();

        Assert.Equal(RunState.Completed, report.Summary.State);
        Assert.Equal(1, service.Creations);
        var record = Assert.Single(await batches.RecordsAsync());
        Assert.InRange(record.SubmittedAt!.Value, began, record.EndedAt!.Value);
        Assert.All(service.Charged.Values, times => Assert.Equal(1, times));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-7)]
    public async Task A_run_that_leaves_tells_when_to_look_by_our_clock(int hoursAhead)
    {
        using var batches = new BatchWorld();
        batches.World.Table(RunWorld.Titles(20));
        batches.Service().Ahead = TimeSpan.FromHours(hoursAhead);

        var report = await batches.RunAsync(detach: true);

        var now = batches.World.Clock.GetUtcNow();
        Assert.Equal(RunState.InBatches, report.Summary.State);
        Assert.InRange(report.Summary.ResumeAt!.Value, now, now + TimeSpan.FromMinutes(1));
    }
}
