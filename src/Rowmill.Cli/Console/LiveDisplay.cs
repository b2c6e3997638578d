using System.Globalization;
using System.Text;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rowmill.Cli.Console;

/// <summary>On a terminal: a few lines that are drawn over, with a bar; what is said stays above them.</summary>
internal sealed class LiveDisplay(CliHost host, CommandOutput words, Job job, bool events) : RunDisplay(host, words, job, events)
{
    private const string EndOfLine = "\u001b[K\r\n";
    private const string BelowHere = "\u001b[J";

    private static readonly Style s_bold = new(decoration: Decoration.Bold);
    private static readonly Style s_grey = new(Color.Grey);
    private static readonly Style s_green = new(Color.Green);
    private static readonly Style s_yellow = new(Color.Yellow);

    private readonly Lock _gate = new();
    private int _drawn;

    protected override TimeSpan Interval { get; } = TimeSpan.FromMilliseconds(250);

    protected override void Draw(RunProgress progress)
    {
        lock (_gate)
        {
            // A line that reaches the last column wraps on some terminals. One write for all: nothing flickers.
            var width = Math.Max(10, Host.Width() - 1);
            var lines = Lines(progress, width);
            var frame = new StringBuilder(Back());
            foreach (var line in lines) frame.Append(Styled(Segment.Truncate(line, width))).Append(EndOfLine);
            Write(frame.Append(BelowHere).ToString());
            _drawn = lines.Count;
        }
    }

    protected override void Say(string line)
    {
        lock (_gate) Write($"{Clear()}{line}{EndOfLine}");
    }

    protected override void Close()
    {
        lock (_gate) Write(Clear());
    }

    protected override bool Asking(Func<bool> question)
    {
        lock (_gate)
        {
            Write(Clear());
            return question();
        }
    }

    private List<List<Segment>> Lines(RunProgress p, int width)
    {
        var done = ProgressText.Done(p);
        var share = p.Rows.Total == 0 ? 0 : (double)done / p.Rows.Total;
        var figures = string.Create(CultureInfo.InvariantCulture, $" {share * 100:0.0} %  {done:N0} of {Counted.Of(p.Rows.Total, "row")}");
        var bar = Math.Clamp(width - figures.Length, 5, 60);
        var full = (int)(share * bar);
        var now = Host.Clock.GetUtcNow();
        var lines = new List<List<Segment>>
        {
            new() { new(Job.Name, s_bold), new("  " + string.Join(", ", Job.Routes.Select(r => r.Name)), s_grey) },
            new() { new(new string('█', full), s_green), new(new string('░', bar - full), s_grey), new(figures) },
            new() { new($"{ProgressText.Pace(p)} · {Counted.Of(p.Calls.Sent, "call")}, {p.InFlight} in flight · {ProgressText.Tokens(p)}{ProgressText.Money(p)}") },
        };
        var asides = Asides(p);
        if (asides.Length > 0) lines.Add([new(asides, s_grey)]);
        lines.Add([new(ProgressText.Doing(p, now), p.Phase == RunPhase.Asking && p.WaitingFor is not null ? s_yellow : Style.Plain)]);
        return lines;
    }

    private static string Asides(RunProgress p)
    {
        (long Count, string What)[] all =
        [
            (p.Rows.FromCache, "already stored"), (p.Rows.Abstained, "abstained"), (p.Rows.Failed, "failed"), (p.Rows.Invalid, "invalid"),
            (p.Calls.Failed, "calls failed"), (p.Calls.RateLimited, "calls refused by a limit"),
        ];
        return string.Join(" · ", all.Where(a => a.Count > 0).Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Count:N0} {a.What}")));
    }

    private static string Styled(List<Segment> line)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.EightBit,
        });
        console.Profile.Width = int.MaxValue;
        console.Write(new Cut(line));
        return text.ToString();
    }

    /// <summary>Goes back to the first line drawn.</summary>
    private string Back() => _drawn > 0 ? $"\u001b[{_drawn}A\r" : "";

    /// <summary>Goes back to the first line drawn and clears from there.</summary>
    private string Clear()
    {
        var clear = _drawn > 0 ? Back() + BelowHere : "";
        _drawn = 0;
        return clear;
    }

    private void Write(string text)
    {
        Host.Error.Write(text);
        Host.Error.Flush();
    }

    /// <summary>One line, cut already.</summary>
    private sealed class Cut(List<Segment> line) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => line;
    }
}
