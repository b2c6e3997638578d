using System.Text.Json.Nodes;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>As many workers as requests may be in flight at the moment; each takes one pack after another through the mill.</summary>
internal sealed class Workers(RunContext run, PackQueue queue, Asker asker)
{
    private readonly Lock _gate = new();
    private readonly List<Task> _tasks = [];
    private int _alive;

    /// <summary>Works until nothing is left or the run stops.</summary>
    public async Task RunAsync()
    {
        Grow();
        for (var awaited = 0; ;)
        {
            Task[] tasks;
            lock (_gate) tasks = [.. _tasks];
            if (tasks.Length == awaited) return;
            await Task.WhenAll(tasks).ConfigureAwait(false);
            awaited = tasks.Length;
        }
    }

    // In order, one route is asked at a time; another takes over when it is parked.
    private int Wanted => Math.Max(1, run.Spreads ? run.Routes.Sum(r => r.Level.Level) : run.Routes.Max(r => r.Level.Level));

    private void Grow()
    {
        lock (_gate)
        {
            for (; _alive < Wanted; _alive++) _tasks.Add(Task.Run(WorkAsync, CancellationToken.None));
        }
    }

    private bool IsSurplus()
    {
        lock (_gate)
        {
            if (_alive <= Wanted) return false;
            _alive--;
            return true;
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            while (run.Stop.Reason is null && !IsSurplus() && await queue.TakeAsync(run.Stop.Stopping).ConfigureAwait(false) is { } pack)
            {
                queue.Done(await asker.AskAsync(pack).ConfigureAwait(false));
                Grow();
            }
        }
        catch (OperationCanceledException) when (run.Stop.Reason is not null)
        {
            // The run stops; the rows of this pack are still pending.
        }
        catch (Exception e) when (e is StoreException or LeaseLostException or IOException)
        {
            run.Stop.Request(new StopReason(RunState.Failed, e.Message));
        }
        catch (ProblemException e)
        {
            run.Stop.Request(new StopReason(RunState.Failed, e.Message) { UserError = true });
        }
        catch (Exception e)
        {
            // A bug: the others stop, what is stored is written, and the person is told.
            run.Stop.Request(new StopReason(RunState.Failed, $"internal error: {e.GetType().Name}: {e.Message}"));
            run.Events.Emit("bug", new JsonObject { ["error"] = e.GetType().Name, ["stack"] = e.StackTrace });
        }
    }
}
