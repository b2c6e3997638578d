namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>batch</c>.</summary>
internal static class BatchSection
{
    private const long MostRows = 1_000_000_000;

    // Sooner, a service of many hours is asked for nothing; later, nobody waits.
    private static readonly TimeSpan s_shortestPoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPoll = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_shortestDeadline = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestDeadline = TimeSpan.FromDays(60);

    /// <summary>How the job goes through batch APIs.</summary>
    public static BatchOptions Read(JobMap file)
    {
        if (file.Map("batch", "{ poll: 30s, deadline: 36h }") is not { } batch) return BatchOptions.Default;
        var options = new BatchOptions
        {
            Poll = batch.Time("poll", s_shortestPoll, s_longestPoll),
            Rollout = batch.Wholes("rollout", "[100, 500, 2000]", 1, MostRows),
            Gate = (double?)batch.Number("gate", 0.1m, 100, "per cent") ?? BatchOptions.DefaultGate,
            Deadline = batch.Time("deadline", s_shortestDeadline, s_longestDeadline),
        };
        batch.Finish();
        return options;
    }
}
