using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>A job with its source opened and counted: what every command that reads the rows begins with.</summary>
public sealed class OpenedJob
{
    private const string SimulatorProvider = "simulator";

    private OpenedJob(Job job, IReadOnlyList<Route> routes, IRowSource source, SourceProfile profile)
    {
        Job = job;
        Routes = routes;
        Source = source;
        Profile = profile;
        Text = new RequestText(job.Question);
        Budgets = [.. routes.Select(r => new PackBudget(r, job.Question, Text.FixedTokens))];
    }

    /// <summary>The job.</summary>
    public Job Job { get; }

    /// <summary>The routes in use: the job's, or the one the command line names.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>The source.</summary>
    public IRowSource Source { get; }

    /// <summary>What one pass over it found.</summary>
    public SourceProfile Profile { get; }

    /// <summary>Which stored outcomes count.</summary>
    public AnswerScope Scope => new(
        Name is null ? Job.Question.Fingerprint : AnswerScope.Apart(Job.Question.Fingerprint, Name), [.. Routes.Select(r => r.Id)]);

    /// <summary>What it is asked apart for; null for the job itself.</summary>
    private string? Name { get; init; }

    /// <summary>The same question asked apart: to some of the rows, and with answers that are not the job's.</summary>
    /// <param name="name">What for.</param>
    /// <param name="job">The job, with what is done differently.</param>
    /// <param name="route">The one route that is asked.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="profile">What is known of them.</param>
    internal static OpenedJob Apart(string name, Job job, Route route, IRowSource rows, SourceProfile profile) =>
        new(job, [route], rows, profile) { Name = name };

    /// <summary>True when every label would be made up by the simulator.</summary>
    public bool Simulated => Routes.Any(r => r.Provider == SimulatorProvider);

    /// <summary>Checks that some route's limits, as the job writes them, ever admit a request.</summary>
    /// <exception cref="ProblemException">None does; each with its number.</exception>
    public void RequireAdmission()
    {
        var problems = Routes.Select((route, i) =>
            NeverAdmits.Check(route, Budgets[i], Limits.WindowSpec.Of(route.Limits, Limits.WindowOwner.Anybody(route))) is { } problem
                ? Job.Locate(problem with { Key = $"models[{Job.Routes.ToList().IndexOf(route)}].{problem.Key}" }) : null).ToList();
        if (!problems.Contains(null)) throw new ProblemException([.. problems.OfType<Problem>()]);
    }

    /// <summary>The client of each route, in their order.</summary>
    /// <param name="environment">Makes them.</param>
    /// <exception cref="ProblemException">What keeps the routes from being used, a missing key above all: all of it, each with its place in the job file.</exception>
    public IReadOnlyList<IModelClient> Clients(RunEnvironment environment)
    {
        var (clients, problems) = (new List<IModelClient>(), new List<Problem>());
        foreach (var route in Routes)
        {
            try
            {
                clients.Add(environment.Client(route));
            }
            catch (ProblemException e)
            {
                problems.AddRange(e.Problems.Select(p => JobLines.LocateModel(Job, route, p)));
            }
        }

        return problems.Count == 0 ? clients : throw new ProblemException(problems);
    }

    internal RequestText Text { get; }

    internal IReadOnlyList<PackBudget> Budgets { get; }

    /// <summary>Opens the job's source, reads it once and checks everything that needs its columns.</summary>
    /// <param name="job">The job.</param>
    /// <param name="model">Only this route; null for all of the job's.</param>
    /// <param name="cancellationToken">Gives the pass up.</param>
    /// <exception cref="ProblemException">The source or the job's columns are wrong, or there is no such route; every problem at once.</exception>
    public static async ValueTask<OpenedJob> OpenAsync(Job job, string? model = null, CancellationToken cancellationToken = default)
    {
        var routes = model is null ? job.Routes : [.. job.Routes.Where(r => r.Name == model)];
        if (routes.Count == 0)
        {
            throw new ProblemException(new Problem($"The job has no model '{model}'.")
            {
                Key = "--model",
                Fix = $"It has {string.Join(", ", job.Routes.Select(r => r.Name))}.",
            });
        }

        var source = RowSources.Open(job.Source);
        var profile = await source.ProfileAsync(cancellationToken).ConfigureAwait(false);
        var problems = profile.Problems.Select(p => JobLines.LocateSource(job.File, job.Lines, p)).ToList();
        if (problems.Count == 0 && profile.Columns.Names.Count > 0) problems.AddRange(JobColumns.Check(job, profile.Columns.Names));
        problems.AddRange(RowSinks.Check(job.Output, job.Source).Select(p => JobLines.Locate(job, p)));
        return problems.Count == 0 ? new OpenedJob(job, routes, source, profile) : throw new ProblemException(problems);
    }

    /// <summary>The first request the job would send: the first rows that are not invalid.</summary>
    /// <param name="form">How the reply's form is asked for.</param>
    /// <param name="maxRows">At most so many rows; null for as many as the job packs.</param>
    /// <param name="cancellationToken">Gives the search up.</param>
    /// <returns>The request and the rows in it; null when no row would be sent.</returns>
    public async ValueTask<(ModelRequest Request, int Rows)?> FirstRequestAsync(
        StructuredOutput form, int? maxRows = null, CancellationToken cancellationToken = default)
    {
        var sizer = new PackSizer(Budgets[0], Job.PackRows);
        sizer.Follow(Limits.WindowSnapshot.Unused(Routes[0].Limits, Limits.WindowOwner.Anybody(Routes[0])).Rates);
        var (rows, tokens, most) = (new List<Ask>(), 0, sizer.Rows);
        using var judge = Judge();
        var seen = new HashSet<RowKey>();
        await foreach (var row in Source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var judgement = judge.Judge(row);
            if (judgement.Invalid is not null || !seen.Add(judgement.Shown.Key)) continue;
            var ask = new Ask(judgement.Shown.Key, judgement.Shown.Json);
            if (rows.Count > 0 && !Budgets[0].Fits(rows.Count + 1, tokens + ask.Tokens)) break;
            rows.Add(ask);
            tokens += ask.Tokens;
            if (rows.Count == Math.Min(most, maxRows ?? most)) break;
        }

        return rows.Count == 0 ? null : (Text.Request(new Pack(rows), form, Budgets[0]), rows.Count);
    }

    /// <summary>Writes the output from the store as it stands, and counts where the rows stand.</summary>
    /// <param name="answers">The store.</param>
    /// <param name="output">Where to; null to count only.</param>
    /// <param name="runId">The present run, whose answers are not from the cache; null outside one.</param>
    /// <param name="options">Which rows count; null for all.</param>
    /// <param name="calls">The ledger; needed for an output with receipts.</param>
    /// <param name="cancellationToken">Gives the pass up.</param>
    public async ValueTask<RowCounts> ExportAsync(
        IAnswerStore answers, OutputOptions? output, string? runId = null, RunOptions? options = null, ICallLedger? calls = null,
        CancellationToken cancellationToken = default)
    {
        if (output is null) return await PassAsync(answers, null, runId, options, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (output.Receipt) ArgumentNullException.ThrowIfNull(calls);
        var sink = RowSinks.Create(output, Profile.Columns, Job.Question.Schema.Properties, Job.Source.Delimiter, Profile.NewLine, Simulated);
        await using var closing = sink.ConfigureAwait(false);
        var counts = await PassAsync(answers, sink, runId, options, output.Receipt ? calls : null, cancellationToken: cancellationToken).ConfigureAwait(false);
        await sink.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return counts;
    }

    /// <summary>Gives every row with what the store knows of it to a sink, which the caller completes.</summary>
    /// <param name="answers">The store.</param>
    /// <param name="sink">Receives the rows; null to count only.</param>
    /// <param name="runId">See <see cref="ExportAsync"/>.</param>
    /// <param name="options">Which rows count; null for all.</param>
    /// <param name="calls">The ledger, to give each row its receipt; null for none.</param>
    /// <param name="wanted">Which rows are looked at, by their content and key; null for all.</param>
    /// <param name="cancellationToken">Gives the pass up.</param>
    public async ValueTask<RowCounts> PassAsync(
        IAnswerStore answers, IRowSink? sink, string? runId = null, RunOptions? options = null, ICallLedger? calls = null,
        Func<Row, RowKey, bool>? wanted = null, CancellationToken cancellationToken = default)
    {
        using var judge = Judge();
        var receipts = calls is null ? null : new ReceiptBook(calls, Scope, Routes, runId);
        var pass = new VerdictPass(Source, judge, answers, Scope, runId, receipts);
        return await pass.RunAsync(sink, options ?? new RunOptions(), wanted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Streams the rows with their keys.</summary>
    public async IAsyncEnumerable<(Row Row, RowKey Key)> KeysAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var judge = Judge();
        await foreach (var row in Source.ReadAsync(cancellationToken).ConfigureAwait(false))
            yield return (row, judge.Judge(row).Shown.Key);
    }

    internal RowJudge Judge() => new(Job, Budgets, Profile.Rows);
}
