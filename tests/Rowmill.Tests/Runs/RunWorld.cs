using System.Text;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Questions;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Stores;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Runs;

/// <summary>Everything a run needs, in memory: a table of titles, a job that asks for their energy, fake models, a store and a clock.</summary>
internal sealed class RunWorld : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, FakeModel> _models = new(StringComparer.Ordinal);
    private int _runs;

    public RunWorld(TimeProvider? clock = null)
    {
        Clock = clock ?? new EagerClock();
        Store = new MemoryStore(Clock);
        Windows = new MemoryWindowStore(Clock);
        Environment = new RunEnvironment
        {
            Answers = Store.Answers,
            Calls = Store.Calls,
            Leases = Store.Lease,
            Events = Store.Events,
            Runs = Store.Runs,
            Batches = Store.Batches,
            Windows = Windows,
            WindowOwner = route => ValueTask.FromResult(new WindowOwner(route.Provider, route.BaseUrl, "test", route.Model)),
            Client = route => Model(route.Model),
            Owner = LeaseOwner.Current(),
            StoreName = "memory",
            Clock = Clock,
            Chance = () => 0,
        };
        Job = new Job
        {
            Name = "songs",
            Source = new SourceOptions { Kind = SourceKind.Csv, Path = _folder.File("songs.csv"), Name = "songs.csv", Fields = ["title"] },
            Question = new Question { Prompt = "Judge the song.", Schema = Schemas.Energy, Abstain = true, Fields = ["title"] },
            PackRows = 5,
            Routes = [Route("a")],
            Output = new OutputOptions { Kind = OutputKind.Csv, Path = _folder.File("out.csv") },
            Directory = _folder.Path,
        };
    }

    public TimeProvider Clock { get; }

    public MemoryStore Store { get; }

    public MemoryWindowStore Windows { get; }

    public RunEnvironment Environment { get; set; }

    public Job Job { get; set; }

    public Recorder Seen { get; private set; } = new();

    /// <summary>A route of a fake model; one request at a time, so that every test is the same each time.</summary>
    public static Route Route(string model, RouteLimits? limits = null) => new()
    {
        Provider = "fake",
        Model = model,
        BaseUrl = $"http://{model}.test",
        ContextTokens = 100_000,
        MaxOutputTokens = 10_000,
        Limits = (limits ?? RouteLimits.None) with { Concurrency = limits?.Concurrency ?? 1 },
    };

    /// <summary>The job's models have answered in an earlier run: their requests go side by side from the first.</summary>
    public async Task ProveAsync()
    {
        foreach (var route in Job.Routes) await Environment.Calibrations.SetFormAsync(route.Id, StructuredOutput.StrictSchema);
    }

    /// <summary>The fake behind a route.</summary>
    public FakeModel Model(string name = "a")
    {
        if (!_models.TryGetValue(name, out var model)) _models.Add(name, model = new FakeModel(Clock));
        return model;
    }

    public void Forget()
    {
        foreach (var model in _models.Values) model.Forget();
    }

    /// <summary>Writes the table: a number, which is not shown, and a title.</summary>
    public void Table(params IEnumerable<string> titles) =>
        File.WriteAllText(Job.Source.Path, "n,title\n" + string.Concat(titles.Select((t, i) => $"{i + 1},{t}\n")), new UTF8Encoding(false));

    public static IEnumerable<string> Titles(int count) => Enumerable.Range(1, count).Select(i => $"t{i}");

    public Task<RunSummary> RunAsync(RunOptions? options = null, CancellationToken interrupt = default, CancellationToken abort = default)
    {
        Seen = new Recorder();
        if (_runs++ > 0) Advance(TimeSpan.FromSeconds(1));
        return new JobRunner(Environment).RunAsync(Job, options ?? new RunOptions(), Seen, interrupt, abort)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    /// <summary>A column of the output; an empty cell is an empty string.</summary>
    public async Task<IReadOnlyList<string>> ColumnAsync(string name)
    {
        var cells = new List<string>();
        var source = RowSources.Open(new SourceOptions { Kind = SourceKind.Csv, Path = Job.Output.Path, Name = "out.csv" });
        await foreach (var row in source.ReadAsync(TestContext.Current.CancellationToken))
            cells.Add(Encoding.UTF8.GetString(row[row.Columns.IndexOf(name)]));
        return cells;
    }

    public async Task<IReadOnlyList<CallRecord>> CallsAsync()
    {
        var calls = new List<CallRecord>();
        await foreach (var call in Store.Calls.ReadAsync(new CallQuery(Job.Name), TestContext.Current.CancellationToken)) calls.Add(call);
        return calls;
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Run ids begin with the time: chance always says the same here.</summary>
    public void Advance(TimeSpan by)
    {
        if (Clock is EagerClock eager) eager.Advance(by);
        else ((VirtualClock)Clock).Advance(by);
    }

    /// <summary>What an observer of a run saw.</summary>
    public sealed class Recorder : IRunObserver
    {
        private readonly List<RunEvent> _events = [];

        public string RunId { get; private set; } = "";

        public Func<RunProgress> Progress { get; private set; } = null!;

        public IReadOnlyList<RunEvent> Events
        {
            get
            {
                lock (_events) return [.. _events];
            }
        }

        public void Started(string runId, Func<RunProgress> progress) => (RunId, Progress) = (runId, progress);

        public void Happened(RunEvent e)
        {
            lock (_events) _events.Add(e);
        }
    }
}
