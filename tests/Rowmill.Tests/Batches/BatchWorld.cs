using Rowmill.Core.Batches;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

/// <summary>A world of a run whose models have a batch API.</summary>
internal sealed class BatchWorld : IDisposable
{
    private readonly Dictionary<string, FakeBatches> _services = new(StringComparer.Ordinal);

    public BatchWorld()
    {
        World.Environment = World.Environment with
        {
            BatchClient = route => Service(route.Model),
            BatchFiles = route => Service(route.Model),
            Chance = new Random(1).NextDouble,
            BatchFolder = Path.Combine(World.Job.Directory, "batches"),
        };
    }

    public RunWorld World { get; } = new();

    public FakeBatches Service(string model = "a")
    {
        if (!_services.TryGetValue(model, out var service)) _services.Add(model, service = new FakeBatches(World.Clock));
        return service;
    }

    public BatchRunner Runner => new(World.Environment);

    public Task<BatchReport> RunAsync(bool detach = false, RunOptions? options = null, CancellationToken interrupt = default) =>
        Runner.RunAsync(World.Job, options ?? new RunOptions(), detach, World.Seen, interrupt).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public Task<BatchReport> StepAsync(Func<BatchRunner, Task<BatchReport>> step) => step(Runner).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public ValueTask<IReadOnlyList<BatchRecord>> RecordsAsync() => World.Store.Batches.ReadAsync(World.Job.Name);

    public void Dispose() => World.Dispose();
}
