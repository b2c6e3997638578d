using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Quality;

/// <summary>
/// An audit of a job: a random sample of its answered rows is asked again, alone, alone once more, and packed in another order. Each arm is
/// a run of its own under a question asked apart, so nothing of it is taken for the job's answers; its calls are in the job's ledger and
/// its money counts. What an interrupted audit has asked is not asked again with the same seed.
/// </summary>
public sealed class JobAudit
{
    private readonly RunEnvironment _environment;
    private readonly AuditOptions _options;
    private readonly OpenedJob _job;
    private readonly Route _route;
    private readonly IReadOnlyList<SampledRow> _sample;
    private readonly IReadOnlyList<PackPlace?> _storedPlaces;
    private readonly int _usual;
    private readonly List<string> _notes = [];
    private long _calls;
    private decimal? _usd = 0m;

    private JobAudit(
        RunEnvironment environment, AuditOptions options, OpenedJob job, Route route, IReadOnlyList<SampledRow> sample, IReadOnlyList<PackPlace?> places)
    {
        // What an audit sees of tokens belongs to its own pack sizes, and its runs are not the job's last.
        _environment = environment with { Runs = new MemoryStore(environment.Clock).Runs, Calibrations = new KnownCalibrations(environment.Calibrations) };
        (_options, _job, _route, _sample, _storedPlaces) = (options, job, route, sample, places);
        var sizes = places.OfType<PackPlace>().Select(p => p.Rows).Order().ToList();
        _usual = sizes.Count > 0 ? sizes[sizes.Count / 2] : job.Job.PackRows ?? PackSizer.Default;
        Arms = [new(AuditArm.Alone, 1), new(AuditArm.AloneAgain, 1), .. Sizes().Select(AuditArm.Packed)];
        if (sample.Count < options.Sample) _notes.Add($"Only {sample.Count} different rows have an answer of {route.Name}; all of them were drawn.");
        if (job.Job.Contiguous) _notes.Add("The job keeps neighbours together; the audit packs rows in a random order all the same.");
    }

    /// <summary>What is asked, in this order.</summary>
    public IReadOnlyList<AuditArm> Arms { get; }

    /// <summary>The route that is asked.</summary>
    public string Model => _route.Name;

    /// <summary>Rows drawn.</summary>
    public int Sample => _sample.Count;

    /// <summary>Draws the sample; asks nothing.</summary>
    /// <param name="job">The job, opened with all its routes.</param>
    /// <param name="options">What to audit.</param>
    /// <param name="environment">The ports.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ProblemException">The job has no such route, or no row has an answer yet.</exception>
    public static async ValueTask<JobAudit> DrawAsync(
        OpenedJob job, AuditOptions options, RunEnvironment environment, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(environment);
        foreach (var route in job.Routes)
        {
            var scope = new AnswerScope(job.Job.Question.Fingerprint, [route.Id]);
            if (!await environment.Answers.AnyAsync(scope, cancellationToken).ConfigureAwait(false)) continue;
            var sample = await RowSample.DrawAsync(job, scope, options.Sample, options.Seed, environment.Answers, cancellationToken).ConfigureAwait(false);
            if (sample.Count == 0) continue;
            var places = await PackPlaces.FindAsync(
                environment.Calls, job.Job.Name, [.. sample.Select(s => (s.Key, (StoredOutcome?)s.Stored))], cancellationToken).ConfigureAwait(false);
            return new JobAudit(environment, options, job, route, sample, places);
        }

        throw new ProblemException(new Problem($"No row of {job.Source.Name} has an answer of {string.Join(" or ", job.Routes.Select(r => r.Name))} yet.")
        {
            Fix = "Run the job first: rowmill run.",
        });
    }

    /// <summary>An arm as a job of its own: what is planned and run.</summary>
    public OpenedJob Open(AuditArm arm)
    {
        ArgumentNullException.ThrowIfNull(arm);
        var rows = _sample.OrderBy(s => RowSample.Order(s.Content, _options.Seed, (ulong)arm.PackRows)).Select(s => s.Row).ToList();
        var list = new RowList(_job.Source.Name, rows, _job.Profile.Columns);

        // No two rows of the sample are equal, so each is asked under the key of its content.
        var job = _job.Job with { PackRows = arm.PackRows, Dedupe = true, Contiguous = false };
        return OpenedJob.Apart($"audit/{_options.Seed}/{arm.Name}", job, _route, list, list.Profile);
    }

    /// <summary>Asks what an arm still lacks. It takes the job's lease and ends as any run does.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="wait">Whether to stay through any limit.</param>
    /// <param name="observer">Watches; may be null.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <param name="abort">Gives up at once what an interrupted run still does.</param>
    public async Task<RunSummary> AskAsync(
        AuditArm arm, bool wait = false, IRunObserver? observer = null, CancellationToken cancellationToken = default, CancellationToken abort = default)
    {
        var options = new RunOptions { Wait = wait, WriteOutput = false };
        var summary = await new JobRunner(_environment).RunAsync(Open(arm), options, observer, cancellationToken, abort).ConfigureAwait(false);
        _calls += summary.Calls.Sent;
        _usd += summary.Usd;
        return summary;
    }

    /// <summary>Compares what the arms brought.</summary>
    public async ValueTask<AuditReport> ReportAsync(CancellationToken cancellationToken = default)
    {
        var fields = AnswerField.Of(_job.Job.Question.Schema);
        var rows = new Dictionary<AuditArm, IReadOnlyList<ArmRow>>();
        foreach (var arm in Arms) rows[arm] = await ReadAsync(arm, fields, cancellationToken).ConfigureAwait(false);
        var comparison = new ArmComparison(fields, rows[Arms[0]]);
        var margin = _options.Margin / 100;
        var arms = Arms.Select(Report).ToList();
        var stored = new AuditArm(AuditArm.Stored, _usual);
        arms.Add(comparison.Report(stored, [.. _sample.Select((s, i) => ArmRow.Of(s.Stored, _storedPlaces[i], fields))]));
        var (trusted, reason) = comparison.AnyCounts
            ? PackVerdict.Choose(arms, arms[1].Overall!.Value)
            : (null, "Every field is free text, which is never quite the same twice: there is nothing to judge packs by.");
        return new AuditReport
        {
            Job = _job.Job.Name,
            Model = Model,
            Sample = Sample,
            Seed = _options.Seed,
            Margin = _options.Margin,
            Arms = arms,
            TrustedPackRows = trusted,
            Reason = reason,
            Notes = _notes,
            Calls = _calls,
            Usd = _usd,
            Simulated = _job.Simulated,
        };

        ArmReport Report(AuditArm arm)
        {
            var report = comparison.Report(arm, rows[arm]);
            if (arm.PackRows < 2 || !comparison.AnyCounts) return report;
            return report with { Difference = PackVerdict.Judge(comparison.Difference(rows[Arms[1]], rows[arm]), margin) };
        }
    }

    private async ValueTask<IReadOnlyList<ArmRow>> ReadAsync(AuditArm arm, IReadOnlyList<AnswerField> fields, CancellationToken cancellationToken)
    {
        var found = await RowSample.FindAsync(
            _environment.Answers, Open(arm).Scope, [.. _sample.Select(s => s.Content)], cancellationToken).ConfigureAwait(false);
        var places = await PackPlaces.FindAsync(
            _environment.Calls, _job.Job.Name, [.. _sample.Zip(found, (s, f) => (s.Content, f))], cancellationToken).ConfigureAwait(false);
        return [.. found.Zip(places, (f, p) => ArmRow.Of(f, p, fields))];
    }

    /// <summary>The sizes to judge, largest first.</summary>
    private IEnumerable<int> Sizes()
    {
        IReadOnlyList<int> wanted = _options.PackRows.Count > 0 ? _options.PackRows : [_usual, _usual / 2, _usual / 4];
        if (wanted.Max() > Sample)
            _notes.Add($"A sample of {Sample} rows cannot judge packs of {wanted.Max()}; the largest judged is {Sample}.");
        return wanted.Select(rows => Math.Min(rows, Sample)).Where(rows => rows >= 2).Distinct().OrderDescending();
    }

    /// <summary>Calibrations that are read and not added to.</summary>
    private sealed class KnownCalibrations(ICalibrationStore known) : ICalibrationStore
    {
        public ValueTask<UsageMoments> ReadAsync(string route, string? question, CancellationToken cancellationToken = default) =>
            known.ReadAsync(route, question, cancellationToken);

        public ValueTask AddAsync(string route, string question, UsageMoments seen, CancellationToken cancellationToken = default) => default;

        // The sizes to judge are the audit's own, whatever runs have settled on.
        public ValueTask<IReadOnlyList<LearnedPackSize>> SizesAsync(string route, string question, CancellationToken cancellationToken = default) => new([]);

        public ValueTask SetSizeAsync(string route, string question, LearnedPackSize size, CancellationToken cancellationToken = default) => default;

        public ValueTask<StructuredOutput?> FormAsync(string route, CancellationToken cancellationToken = default) => known.FormAsync(route, cancellationToken);

        public ValueTask SetFormAsync(string route, StructuredOutput form, CancellationToken cancellationToken = default) => known.SetFormAsync(route, form, cancellationToken);
    }
}
