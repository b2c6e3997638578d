using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Spectre.Console;

namespace Rowmill.Cli.Console;

/// <summary>On a terminal: a few lines that are drawn over, with a bar; what is said stays above them.</summary>
internal sealed class LiveDisplay : RunDisplay
{
    private readonly IAnsiConsole _console;
    private readonly Lock _gate = new();
    private readonly string _title;
    private int _drawn;

    public LiveDisplay(CliHost host, CommandOutput words, Job job, bool events) : base(host, words, job, events)
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error), Ansi = AnsiSupport.Yes });
        _title = $"[bold]{Markup.Escape(job.Name)}[/]  [grey]{Markup.Escape(string.Join(", ", job.Routes.Select(r => r.Name)))}[/]";
    }

    protected override TimeSpan Interval { get; } = TimeSpan.FromMilliseconds(250);

    protected override void Draw(RunProgress progress)
    {
        lock (_gate)
        {
            Erase();
            var lines = Lines(progress);
            foreach (var line in lines) _console.MarkupLine(line);
            _drawn = lines.Count;
        }
    }

    protected override void Say(string line)
    {
        lock (_gate)
        {
            Erase();
            _console.WriteLine(line);
        }
    }

    protected override void Close()
    {
        lock (_gate) Erase();
    }

    protected override bool Asking(Func<bool> question)
    {
        lock (_gate)
        {
            Erase();
            return question();
        }
    }

    private List<string> Lines(RunProgress p)
    {
        var done = p.Rows.Total - p.Rows.Pending;
        var share = p.Rows.Total == 0 ? 0 : (double)done / p.Rows.Total;
        var width = Math.Clamp(_console.Profile.Width - 40, 10, 60);
        var full = (int)(share * width);
        var lines = new List<string>
        {
            _title,
            $"[green]{new string('█', full)}[/][grey]{new string('░', width - full)}[/] {share * 100:0.0} %  {done:N0} of {p.Rows.Total:N0} rows",
            $"{ProgressText.Pace(p)} · {p.Calls.Sent:N0} calls, {p.InFlight} in flight · {ProgressText.Tokens(p)}{ProgressText.Money(p)}",
        };
        if (p.Rows.FromCache + p.Rows.Abstained + p.Rows.Failed + p.Rows.Invalid + p.Calls.Failed + p.Calls.RateLimited > 0)
        {
            lines.Add(
                $"[grey]{p.Rows.FromCache:N0} already stored · {p.Rows.Abstained:N0} abstained · {p.Rows.Failed:N0} failed · {p.Rows.Invalid:N0} invalid · {p.Calls.Failed:N0} calls failed, {p.Calls.RateLimited:N0} at a limit[/]");
        }

        lines.Add(p.Phase switch
        {
            RunPhase.Reading => "reading the source",
            RunPhase.Writing => "writing the output",
            _ => ProgressText.Waiting(p) is { } waiting
                ? $"[yellow]{Markup.Escape(waiting)}[/]"
                : p.Remaining is { } left ? $"about {ProgressText.Time(left)} left" : "asking",
        });
        return lines;
    }

    /// <summary>Goes back to the first line drawn and clears from there.</summary>
    private void Erase()
    {
        if (_drawn > 0) _console.Write(new ControlCode($"\u001b[{_drawn}A\r\u001b[J"));
        _drawn = 0;
    }
}
