using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Finds out what became of batches whose sending ended without a word, before anything is sent again: the service's list is searched for our name,
/// or, where it keeps none, for a batch of as many requests whose results bear it.
/// </summary>
/// <param name="work">The job.</param>
/// <param name="submission">Sends again what surely is not there.</param>
internal sealed class BatchReconciliation(BatchWork work, BatchSubmission submission)
{
    // A service's clock and ours differ a little.
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(5);

    // A list shows a batch some time after it was made; nobody says after how long.
    private static readonly TimeSpan s_longestLag = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_shortestLag = TimeSpan.FromSeconds(20);
    private const int PollsInLag = 4;

    private const int MostPages = 200;

    private readonly Dictionary<string, DateTimeOffset> _looked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _strangers = new(StringComparer.Ordinal);

    /// <summary>How long a batch may be missing from a list and exist all the same.</summary>
    private TimeSpan Lag => work.Plan.Job.Batch.Poll is { } poll
        ? TimeSpan.FromTicks(Math.Clamp(PollsInLag * poll.Ticks, s_shortestLag.Ticks, s_longestLag.Ticks)) : s_longestLag;

    /// <summary>True while a batch may be with a service without our knowing.</summary>
    public bool IsOpen => work.In(BatchPhase.Submitting).Count > 0;

    /// <summary>Looks after every batch that was being sent.</summary>
    public async Task RunAsync()
    {
        foreach (var record in work.In(BatchPhase.Submitting))
        {
            if (work.Run.Stop.Reason is not null) return;
            if (work.RouteOf(record) is not { } route) continue;
            if (record.Upload is null)
            {
                // Creating comes after the upload, which is stored first: there is no batch.
                if (work.IsOfQuestion(record)) await submission.SendAsync(record, route).ConfigureAwait(false);
                else await submission.DropAsync(record, "the job was edited since").ConfigureAwait(false);
                continue;
            }

            await FindAsync(record, route).ConfigureAwait(false);
        }
    }

    private async Task FindAsync(BatchRecord record, BatchRoute route)
    {
        var since = (record.SubmittedAt ?? record.PreparedAt) - s_skew;
        var known = work.Records.Select(r => r.ServiceId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (record.ServiceId is not null)
        {
            await ConfirmAsync(record, route).ConfigureAwait(false);
            return;
        }

        string? cursor = null;
        for (var page = 0; page < MostPages; page++)
        {
            var told = await route.Client.ListAsync(cursor, work.Run.Stop.Stopping).ConfigureAwait(false);
            if (told.Value is not { } list)
            {
                if (!work.IsRefused(route, told.Failure!))
                    work.Run.Events.Emit("batch_unseen", new JsonObject { ["batch"] = record.Name, ["model"] = route.Route.Name, ["reason"] = told.Failure!.Message });
                return;
            }

            foreach (var status in list.Batches)
            {
                if (status.Name == record.Name)
                {
                    work.Run.Events.Emit("batch_found", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id });
                    await submission.AdoptAsync(record, status).ConfigureAwait(false);
                    return;
                }

                if (route.Client.Caps.KeepsName || known.Contains(status.Id) || _strangers.Contains(status.Id)) continue;
                if (status.CreatedAt < since || status.Total is { } total && total != record.Lines) continue;
                // It may be ours: its results will tell. Until then nothing is sent again.
                await work.SaveAsync(record with { ServiceId = status.Id, Told = BatchPolling.Told(status, work.Now) with { IsOver = false } }).ConfigureAwait(false);
                work.Run.Events.Emit("batch_candidate", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id });
                return;
            }

            cursor = list.Next;
            if (cursor is null || list.Batches.Count > 0 && list.Batches[^1].CreatedAt < since) break;
        }

        // A list that was looked at once its lag was over has it, or there is none.
        var first = _looked.TryGetValue(record.Name, out var at) ? at : _looked[record.Name] = work.Now;
        if (work.Now - (record.SubmittedAt ?? record.PreparedAt) < Lag || (first == work.Now && !IsOld(record))) return;
        work.Run.Events.Emit("batch_lost", new JsonObject { ["batch"] = record.Name });
        if (work.IsOfQuestion(record)) await submission.SendAsync(record, route).ConfigureAwait(false);
        else await submission.DropAsync(record, "it never reached the service, and the job was edited since").ConfigureAwait(false);
    }

    // Long after, one look is enough.
    private bool IsOld(BatchRecord record) => work.Now - (record.SubmittedAt ?? record.PreparedAt) >= s_longestLag;

    /// <summary>A batch that may be ours shows it by the ids of its results.</summary>
    private async Task ConfirmAsync(BatchRecord record, BatchRoute route)
    {
        var told = await route.Client.GetAsync(record.ServiceId!, work.Run.Stop.Stopping).ConfigureAwait(false);
        if (told.Value is not { } status)
        {
            work.IsRefused(route, told.Failure!);
            return;
        }

        if (!status.IsOver) return;
        if (await FirstIdAsync(status, route).ConfigureAwait(false) is { } id && BatchNaming.LineOf(id, record.Name) is not null)
        {
            work.Run.Events.Emit("batch_found", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id });
            await submission.AdoptAsync(record, status).ConfigureAwait(false);
            return;
        }

        _strangers.Add(status.Id);
        await work.SaveAsync(record with { ServiceId = null, Told = null }).ConfigureAwait(false);
    }

    /// <summary>The id of the first line of a batch's results; null when there is none.</summary>
    private async ValueTask<string?> FirstIdAsync(BatchStatus status, BatchRoute route)
    {
        foreach (var file in status.Results)
        {
            var text = new FirstLine();
            await using (text.ConfigureAwait(false))
            {
                await route.Client.DownloadAsync(file, text, work.Run.Stop.Stopping).ConfigureAwait(false);
                if (text.Line is { } line && route.Client.ReadLine(line) is { } answer) return answer.Id;
            }
        }

        return null;
    }

    /// <summary>Keeps the first line of what is written to it.</summary>
    private sealed class FirstLine : MemoryStream
    {
        // A line is a reply: no more than a service lets a model write.
        private const int Longest = 16 << 20;

        public byte[]? Line => ToArray().AsSpan() is var text && text.IndexOf((byte)'\n') is > 0 and var end ? text[..end].ToArray() : Length > 0 ? ToArray() : null;

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length < Longest && !HasLine) base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Length < Longest && !HasLine) base.Write(buffer);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        private bool HasLine => GetBuffer().AsSpan(0, (int)Length).Contains((byte)'\n');
    }
}
