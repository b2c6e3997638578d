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
}
