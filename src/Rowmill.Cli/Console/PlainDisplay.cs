using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>Without a terminal: one plain line every few seconds.</summary>
internal sealed class PlainDisplay(CliHost host, CommandOutput words, Job job, bool events) : RunDisplay(host, words, job, events)
{
    protected override TimeSpan Interval { get; } = TimeSpan.FromSeconds(5);

    protected override void Draw(RunProgress progress) => Say(ProgressText.Line(progress, Host.Clock.GetUtcNow()));

    protected override void Say(string line)
    {
        lock (People)
        {
            People.WriteLine(line);
            People.Flush();
        }
    }

    protected override void Close()
    {
    }
}
