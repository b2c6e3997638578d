using Rowmill.Core.Jobs;

namespace Rowmill.Tests.Jobs;

public sealed class BatchSectionTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_that_is_written_is_read()
    {
        var batch = _folder.LoadWith("output:", "batch: { poll: 30s, rollout: [100, 500, 2000], gate: 92.5, deadline: 36h }\noutput:").Job!.Batch;
        Assert.Equal(TimeSpan.FromSeconds(30), batch.Poll);
        Assert.Equal([100L, 500L, 2000L], batch.Rollout);
        Assert.Equal(92.5, batch.Gate);
        Assert.Equal(TimeSpan.FromHours(36), batch.Deadline);
    }

    [Fact]
    public void A_job_that_says_nothing_of_batches_has_neither_stages_nor_a_deadline()
    {
        var batch = _folder.LoadWith("output:", "output:").Job!.Batch;
        Assert.Equal((null, BatchOptions.DefaultGate, null), (batch.Poll, batch.Gate, batch.Deadline));
        Assert.Empty(batch.Rollout);
    }
}
