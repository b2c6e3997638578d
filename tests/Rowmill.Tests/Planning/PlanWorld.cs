using System.Globalization;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Planning;
using Rowmill.Core.Runs;
using Rowmill.Tests.Runs;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Planning;

/// <summary>A job to be planned: rows of one size, a clock, and calls that showed exactly what tokens are.</summary>
internal sealed class PlanWorld : IDisposable
{
    private readonly RunWorld _world = new(new VirtualClock());

    public PlanWorld(int rows, string text = "a title of the usual length")
    {
        Rows = rows;
        _world.Table(Enumerable.Range(1, rows).Select(i => text + " " + i.ToString("D6", CultureInfo.InvariantCulture)));
    }

    public int Rows { get; }

    public RunWorld Runs => _world;

    public SnapshotsOnly Windows { get; } = new();

    public DateTimeOffset Now => _world.Clock.GetUtcNow();

    public PlanWorld With(int? packRows, params Route[] routes)
    {
        _world.Job = _world.Job with { PackRows = packRows, Routes = routes };
        return this;
    }

    public async Task<JobPlan> PlanAsync(RunOptions? options = null)
    {
        Windows.At = Now;
        var opened = await OpenedJob.OpenAsync(_world.Job, options?.Model, TestContext.Current.CancellationToken);
        return await JobPlanner.PlanAsync(opened, options ?? new(), Environment, TestContext.Current.CancellationToken);
    }

    /// <summary>As if calls had shown that prompts are as estimated and a row's reply takes so many tokens, a call so many seconds.</summary>
    /// <param name="route">The route.</param>
    /// <param name="rows">Rows of each of those calls.</param>
    /// <param name="estimated">Estimated prompt tokens of each.</param>
    /// <param name="output">Reply tokens of a row.</param>
    /// <param name="seconds">Time of a call.</param>
    public async Task MeasureAsync(Route route, int rows, long estimated, long output, double seconds)
    {
        var moments = Enumerable.Repeat(
            UsageMoments.Of(rows, estimated, new(estimated, 0, rows * output), truncated: false, TimeSpan.FromSeconds(seconds)), 200)
            .Aggregate((a, b) => a + b);
        await _world.Environment.Calibrations.AddAsync(route.Id, _world.Job.Question.Fingerprint, moments, TestContext.Current.CancellationToken);
    }

    /// <summary>Estimated prompt tokens of a request.</summary>
    public async Task<long> EstimateAsync(int rows)
    {
        var opened = await OpenedJob.OpenAsync(_world.Job, cancellationToken: TestContext.Current.CancellationToken);
        var plan = await PlanAsync();
        return opened.Budgets[0].EstimateFor(rows, (long)Math.Round(rows * plan.Rows.Tokens.Mean));
    }

    /// <summary>What the plan may touch: no client, and of the windows nothing but how they stand.</summary>
    private RunEnvironment Environment => _world.Environment with
    {
        Windows = Windows,
        Client = route => throw new InvalidOperationException("a plan makes no client"),
        BatchClient = route => throw new InvalidOperationException("a plan makes no client"),
        BatchCaps = route => Caps,
        BatchFiles = route => new Batches.FakeBatches(_world.Clock),
    };

    /// <summary>What a batch takes; null for services without batches.</summary>
    public BatchCaps? Caps { get; set; }

    public void Dispose() => _world.Dispose();

    /// <summary>Windows that only tell how they stand.</summary>
    public sealed class SnapshotsOnly : IWindowStore
    {
        public DateTimeOffset At { get; set; }

        /// <summary>What is used of each window.</summary>
        public double Used { get; set; }

        public WindowHold? Hold { get; set; }

        /// <summary>Tokens in the queue of batches.</summary>
        public long Queued { get; set; }

        public ValueTask<WindowSnapshot> SnapshotAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) =>
            new(new WindowSnapshot(At, [.. WindowSpec.Of(limits, owner).Select(s => new UsedWindow(s, new(Used, At)))], Hold));

        public ValueTask<WindowGrant> ReserveAsync(WindowRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask SettleAsync(long reservation, WindowSettlement settlement, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask ReleaseAsync(long number, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask ObserveAsync(WindowOwner owner, IReadOnlyList<LimitReading> readings, DateTimeOffset sentAt, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask HoldAsync(WindowOwner owner, WindowHold hold, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<OwnerState>> ReadAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        /// <inheritdoc/>
        public ValueTask<QueueState> EnqueueAsync(QueueRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        /// <inheritdoc/>
        public ValueTask DequeueAsync(WindowOwner owner, string batch, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        /// <inheritdoc/>
        public ValueTask LearnQueueAsync(WindowOwner owner, long limit, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        /// <inheritdoc/>
        public ValueTask<QueueState> QueueAsync(WindowOwner owner, RouteLimits limits, CancellationToken cancellationToken = default) =>
            new(new QueueState(Queued, limits.EnqueuedTokens));

        public ValueTask<string> FingerprintAsync(string key, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
