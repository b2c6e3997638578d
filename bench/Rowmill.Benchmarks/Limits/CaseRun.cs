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
using Rowmill.Storage.Limits;

namespace Rowmill.Benchmarks.Limits;

/// <summary>Runs a case: the engine as it is, memory for its stores, a pretend service for each route, one virtual clock.</summary>
internal sealed class CaseRun : IDisposable
{
    /// <summary>A run that needs so many times the bound is interrupted.</summary>
    private const double MostTimes = 12;

    private static readonly TimeSpan s_realTime = TimeSpan.FromSeconds(90);

    private readonly LimitCase _case;
    private readonly int _seed;
    private readonly VirtualTime _clock;
    private readonly List<PretendService> _services;
    private readonly CancellationTokenSource _interrupt = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rowmill-limits-");
    private readonly List<IDisposable> _open = [];

    private CaseRun(LimitCase limitCase, int seed)
    {
        (_case, _seed) = (limitCase, seed);
        _clock = new VirtualTime(limitCase.Start);
        _services = [.. limitCase.Routes.Select(r => new PretendService(r.Service, _clock))];
    }

    /// <summary>Runs a case.</summary>
    /// <param name="limitCase">The case.</param>
    /// <param name="seed">The seed of its rows, delays and answers.</param>
    /// <param name="expected">How long it takes at least, so that a run without end is interrupted.</param>
    public static CaseResult Run(LimitCase limitCase, int seed, TimeSpan expected)
    {
        using var run = new CaseRun(limitCase, seed);
        return run.Measure(expected);
    }

    public void Dispose()
    {
        foreach (var open in _open) open.Dispose();
        _interrupt.Dispose();
        _folder.Delete(recursive: true);
    }

    private CaseResult Measure(TimeSpan expected)
    {
        RunSummary[] ended;
        try
        {
            ended = QuietPool.Run(
                _clock,
                () => Task.WhenAll(Enumerable.Range(0, _case.Engines).Select(RunOneAsync)),
                _case.Start + MostTimes * expected + TimeSpan.FromMinutes(10),
                s_realTime,
                _interrupt.Cancel);
        }
        catch (Exception e) when (e is StuckException or ProblemException or StoreException)
        {
            return Result("broken", 0, e.Message);
        }

        var worst = ended.MaxBy(s => s.State)!;
        return Result(SummaryJson.Word(worst.State), ended.Sum(s => s.Rows.Answered), worst.Message);
    }

    private CaseResult Result(string state, long answered, string? message)
    {
        var calls = _services.SelectMany(s => s.Ledger).OrderBy(c => c.At).ToList();
        var last = calls.MaxBy(c => c.EndedAt);
        return new CaseResult(_case)
        {
            State = state,
            Answered = answered,
            Calls = calls.Count,
            Refused = _services.Sum(s => s.Refused),
            Overloaded = _services.Sum(s => s.Overloaded),
            MostInFlight = _services.Max(s => s.MostInFlight),
            Bound = LowerBound.Of(_services, _case.Start),
            Achieved = last is null ? TimeSpan.Zero : last.EndedAt - _case.Start,
            Fingerprint = Fingerprint(),
            Message = message,
        };
    }

    private Task<RunSummary> RunOneAsync(int engine)
    {
        var job = Job(engine);
        var store = new MemoryStore(_clock);
        var chance = new Random(_seed + engine);
        var environment = new RunEnvironment
        {
            Answers = store.Answers,
            Calls = store.Calls,
            Leases = store.Lease,
            Events = store.Events,
            Runs = store.Runs,
            Batches = store.Batches,
            Windows = Windows(engine),
            WindowOwner = route => ValueTask.FromResult(new WindowOwner(route.Provider, route.BaseUrl, "bench", route.Model)),
            Client = route => Client(route, engine),
            Owner = LeaseOwner.Current(),
            StoreName = "memory",
            Clock = _clock,
            Chance = chance.NextDouble,
        };
        return new JobRunner(environment).RunAsync(job, _case.Options, null, _interrupt.Token);
    }

    /// <summary>As the program opens them: a request may travel for a second. Engines that share them have a file, each its own handle.</summary>
    private IWindowStore Windows(int engine)
    {
        if (_case.Engines == 1) return new MemoryWindowStore(_clock, WindowUsage.Skew);
        var self = new LeaseOwner("bench", engine + 1, "0");
        var store = SqliteWindowStore.Open(Path.Combine(_folder.FullName, "limits.db"), _clock, WindowUsage.Skew, self, _ => true);
        _open.Add(store);
        return store;
    }

    private PretendClient Client(Route route, int engine)
    {
        var at = _case.Routes.Select(r => r.Model).ToList().IndexOf(route.Model);
        return new PretendClient(_services[at], _case.Work.Answer, _clock, _seed * 31 + at * 7 + engine);
    }

    private Job Job(int engine)
    {
        var table = Path.Combine(_folder.FullName, $"rows-{engine}.csv");
        using (var file = new StreamWriter(table, append: false, new UTF8Encoding(false)))
        {
            file.Write("text\n");
            foreach (var (i, text) in _case.Work.Texts(_seed).Index())
                if (i % _case.Engines == engine) file.Write($"{text}\n");
        }

        return new Job
        {
            Name = $"bench-{engine}",
            Source = new SourceOptions { Kind = SourceKind.Csv, Path = table, Name = "rows.csv" },
            Question = new Question { Prompt = _case.Work.Prompt, Schema = _case.Work.Schema, Sampling = new() { Temperature = 0 } },
            PackRows = _case.Work.PackRows,
            Routes = [.. _case.Routes.Select(r => RouteOf(r))],
            Routing = _case.Routing,
            Patience = _case.Patience,
            Output = new OutputOptions { Kind = OutputKind.Csv, Path = Path.Combine(_folder.FullName, $"out-{engine}.csv") },
            Directory = _folder.FullName,
        };
    }

    /// <summary>The route as the engine sees it.</summary>
    public static Route RouteOf(CaseRoute route) => new()
    {
        Provider = route.Provider,
        Model = route.Model,
        BaseUrl = $"http://{route.Model}.test",
        ContextTokens = 131_072,
        MaxOutputTokens = 32_768,
        Limits = route.Limits,
    };

    private ulong Fingerprint()
    {
        // FNV-1a over when each call was let in and ended, and what it took.
        var hash = 14695981039346656037UL;
        foreach (var call in _services.SelectMany(s => s.Ledger))
        {
            Add(call.At.UtcTicks);
            Add(call.EndedAt.UtcTicks);
            Add((long)call.Taken.Tokens);
        }

        return hash;

        void Add(long value)
        {
            for (var i = 0; i < 8; i++) hash = (hash ^ (byte)(value >> (8 * i))) * 1099511628211UL;
        }
    }
}
