using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Console;

/// <summary>
/// What a person sees of a run while it goes: on a terminal a live display, otherwise one plain line every few seconds; with
/// <c>--events</c> the events go to stdout as NDJSON besides.
/// </summary>
internal abstract class RunDisplay : IRunObserver, IAsyncDisposable
{
    private readonly CommandOutput _words;
    private readonly bool _events;
    private readonly CancellationTokenRegistration _stopping;

    // What was told last of each model. Events come one at a time.
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);
    private PeriodicTimer? _timer;
    private Task _drawing = Task.CompletedTask;
    private bool _ended;

    protected RunDisplay(CliHost host, CommandOutput words, Job job, bool events)
    {
        _words = words;
        _events = events;
        Host = host;
        Job = job;
        _stopping = host.Stop.Register(() => Say("Stopping: what is in flight may finish; once more gives it up."));
    }

    /// <summary>The outside.</summary>
    protected CliHost Host { get; }

    /// <summary>The job.</summary>
    protected Job Job { get; }

    /// <summary>Where people read. The live display always draws on stderr, which is where the screen is known to be.</summary>
    protected TextWriter People => _words.People;

    /// <summary>How often it is drawn.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>The display that fits where people read.</summary>
    public static RunDisplay Create(CliHost host, CommandOutput words, Job job, bool events) =>
        host.IsTerminal ? new LiveDisplay(host, words, job, events) : new PlainDisplay(host, words, job, events);

    /// <inheritdoc/>
    public void Started(string runId, Func<RunProgress> progress)
    {
        _timer = new PeriodicTimer(Interval, Host.Clock);
        _drawing = DrawAsync(_timer, () => Draw(progress()));
    }

    /// <inheritdoc/>
    public void Happened(RunEvent e)
    {
        if (_events)
        {
            _words.Line(new JsonObject
            {
                ["run_id"] = e.RunId,
                ["number"] = e.Number,
                ["at"] = SummaryJson.Time(e.At),
                ["kind"] = e.Kind,
                ["data"] = e.Data.DeepClone(),
            });
        }

        // What comes over a model that went on meanwhile is new.
        if (e.Kind == "reopened" && (string?)e.Data["model"] is { } model) _told.Remove(model);
        if (Tell(e) is { } line && IsNews(e, line)) Say(line);
    }

    /// <summary>Whether a line is another than the last one of its model: requests that are in flight together fail together.</summary>
    private bool IsNews(RunEvent e, string line)
    {
        if ((string?)e.Data["model"] is not { } model) return true;
        var news = $"{e.Kind} {line}";
        if (_told.GetValueOrDefault(model) == news) return false;
        _told[model] = news;
        return true;
    }

    /// <summary>Tells of answers that the edited job leaves unused and, on a terminal, asks whether to go on.</summary>
    public bool ConfirmUnused(UnusedAnswers unused)
    {
        var cost = unused.Usd > 0 ? $" ({Words.Usd(unused.Usd)})" : "";
        Say($"The job was edited: {Counted.Of(unused.Answers, "stored answer")}{cost} of the earlier question or models will not be used.");
        return Host.Confirm is null || Asking(() => Host.Confirm("Ask these rows again?"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_ended) return;
        _ended = true;
        await _stopping.DisposeAsync();
        _timer?.Dispose();
        await _drawing;
        Close();
    }

    /// <summary>Draws where the run stands.</summary>
    protected abstract void Draw(RunProgress progress);

    /// <summary>Prints a line that stays.</summary>
    protected abstract void Say(string line);

    /// <summary>Takes the display away.</summary>
    protected abstract void Close();

    /// <summary>Leaves the screen to a question.</summary>
    protected virtual bool Asking(Func<bool> question) => question();

    /// <summary>Draws at every tick until the timer is disposed of.</summary>
    private static async Task DrawAsync(PeriodicTimer timer, Action draw)
    {
        while (await timer.WaitForNextTickAsync()) draw();
    }

    /// <summary>The events a person is told of at once, in words.</summary>
    private static string? Tell(RunEvent e) => e.Kind switch
    {
        "in_doubt" when e.Data["batches"] is { } batches => $"{Counted.Batches(batches.GetValue<int>())} of an earlier run may be with the provider without our knowing ({Words.Usd(e.Data["usd"]?.GetValue<decimal>() ?? 0)} at most, all that is in doubt counted). The provider is asked before anything is sent again; see: rowmill calls --in-doubt.",
        "in_doubt" => $"An earlier run was killed with {Counted.Of(e.Data["calls"]?.GetValue<long>() ?? 0, "call")} ({Counted.Of(e.Data["rows"]?.GetValue<long>() ?? 0, "row")}) in flight that may have been paid for ({Words.Usd(e.Data["usd"]?.GetValue<decimal>() ?? 0)} at most). Their rows are asked again; see: rowmill calls --in-doubt.",
        "limited" => $"Limit reached: {e.Data["reason"]}.",
        "form_lowered" => $"{e.Data["model"]} does not take {e.Data["refused"]} output; asking in a lesser form.",
        "context_lowered" => $"{e.Data["model"]} has too little memory; trying a context of {e.Data["context"]} tokens.",
        "no_answers" => $"{e.Data["model"]} gives no valid answer ({e.Data["reason"]}); it is not asked any more.",
        "refused" or "outage" => $"{e.Data["model"]}: {e.Data["reason"]}",
        "batch_submitted" => $"Sent: {e.Data["batch"]} ({Counted.Of(e.Data["rows"]?.GetValue<int>() ?? 0, "row")} in {Counted.Of(e.Data["requests"]?.GetValue<int>() ?? 0, "request")}), at the provider {e.Data["id"]}.",
        "batch_found" => $"Found again at the provider: {e.Data["batch"]} is {e.Data["id"]}.",
        "batch_lost" => $"The provider does not have {e.Data["batch"]}: it is sent again.",
        "batch_not_taken" => $"Not taken: {e.Data["batch"]}: {e.Data["reason"]}",
        "batch_ended" => $"Ended: {e.Data["batch"]}: {e.Data["good"]} of {e.Data["rows"]} rows good{(e.Data["reason"] is { } why ? $" ({why})" : "")}.",
        "batch_dropped" => $"Dropped: {e.Data["batch"]}: {e.Data["reason"]}.",
        "batch_unseen" or "batch_unfetched" => $"{e.Data["batch"]}: {e.Data["reason"]}",
        "batch_state_unknown" => $"{e.Data["batch"]} is in a state that is not known, '{e.Data["state"]}': it counts as under way.",
        "batch_deadline" => "Batches would miss the deadline: what is left is asked online.",
        "source_changed" => $"{e.Data["source"]} changed while the job ran; rows were joined by their content.",
        _ => null,
    };
}
