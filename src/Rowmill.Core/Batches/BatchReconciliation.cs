using System.Text.Json.Nodes;
using Rowmill.Core.Models;
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
    // What a service's clock and ours may differ by after its own Date is taken into account: ours may have been set right since.
    private static readonly TimeSpan s_skew = TimeSpan.FromHours(1);

    // A list shows a batch some time after it was made; nobody says after how long. The doubt begins when the reply is given up, which is long after.
    // Who has it looked at often wants to know sooner.
    private static readonly TimeSpan s_longestLag = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_shortestLag = TimeSpan.FromSeconds(30);
    private const int PollsForList = 30;

    private const int MostPages = 200;

    private readonly Dictionary<string, DateTimeOffset> _looked = new(StringComparer.Ordinal);
    private readonly HashSet<string> _strangers = new(StringComparer.Ordinal);

    private TimeSpan Lag => work.SpanOf(PollsForList, s_shortestLag, s_longestLag);

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
                await submission.AgainAsync(record, "it was not sent to its end").ConfigureAwait(false);
                continue;
            }

            await FindAsync(record, route).ConfigureAwait(false);
        }
    }

    private async Task FindAsync(BatchRecord record, BatchRoute route)
    {
        record = await BeginDoubtAsync(record).ConfigureAwait(false);
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
                if (work.IsRefused(route, told.Failure!)) return;
                work.Run.Events.Emit("batch_unseen", new JsonObject { ["batch"] = record.Name, ["model"] = route.Route.Name, ["reason"] = told.Failure!.Message });
                submission.Unreached(route, told.Failure);
                return;
            }

            submission.Reached();

            var since = record.PreparedAt + (list.At - work.Now ?? TimeSpan.Zero) - s_skew;
            foreach (var status in list.Batches)
            {
                // One that failed as a whole brought nothing and cost nothing: it may be an earlier try under this name.
                if (status.Name == record.Name && status.State != BatchState.Failed)
                {
                    work.Run.Events.Emit("batch_found", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id });
                    await submission.AdoptAsync(record, route, status).ConfigureAwait(false);
                    return;
                }

                if (route.Client.Caps.KeepsName || known.Contains(status.Id) || _strangers.Contains(status.Id)) continue;
                if (status.CreatedAt < since || status.Total is { } total && total != record.Lines) continue;
                // It may be ours: its results will tell. Until then nothing is sent again.
                await work.SaveAsync(record with { ServiceId = status.Id, Told = BatchPolling.Told(status, route.Client.Caps, work.Now) with { IsOver = false } }).ConfigureAwait(false);
                work.Run.Events.Emit("batch_candidate", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id });
                return;
            }

            cursor = list.Next;
            if (cursor is null || list.Batches.Count > 0 && list.Batches[^1].CreatedAt < since) break;
        }

        // What another of ours may be is unclear until its results are there.
        if (!route.Client.Caps.KeepsName && work.In(BatchPhase.Submitting).Any(r => r.Route == record.Route && r.ServiceId is not null)) return;
        if (work.Now - record.SubmittedAt < Lag) return;
        work.Run.Events.Emit("batch_lost", new JsonObject { ["batch"] = record.Name });
        await submission.AgainAsync(record, "the provider does not have it").ConfigureAwait(false);
    }

    /// <summary>The doubt counts from when it is seen: from then on the list has so long to show the batch.</summary>
    private async ValueTask<BatchRecord> BeginDoubtAsync(BatchRecord record) => record.Note is not null ? record
        : await work.SaveAsync(record with { SubmittedAt = work.Now, Note = "nobody knows whether the service has it: the program ended while it was sent" }).ConfigureAwait(false);

    /// <summary>A batch that may be ours shows it by the ids of its results.</summary>
    private async Task ConfirmAsync(BatchRecord record, BatchRoute route)
    {
        var told = await route.Client.GetAsync(record.ServiceId!, work.Run.Stop.Stopping).ConfigureAwait(false);
        if (told.Value is not { } status)
        {
            // A stranger may have deleted it meanwhile.
            if (told.Failure!.HttpStatus is BatchPolling.NotFound) await DisownAsync(record).ConfigureAwait(false);
            else work.IsRefused(route, told.Failure);
            return;
        }

        if (!status.IsOver || await OwnerAsync(route, status).ConfigureAwait(false) is not { } owner) return;
        if (owner.Length == 0)
        {
            await DisownAsync(record).ConfigureAwait(false);
            return;
        }

        // It may be that of another batch whose fate is unknown, too.
        if (owner != record.Name) await work.SaveAsync(record with { ServiceId = null, Told = null }).ConfigureAwait(false);
        if (work.In(BatchPhase.Submitting).FirstOrDefault(r => r.Name == owner) is not { } found) return;
        work.Run.Events.Emit("batch_found", new JsonObject { ["batch"] = owner, ["id"] = status.Id });
        await submission.AdoptAsync(found, route, status).ConfigureAwait(false);
    }

    /// <summary>It is somebody else's.</summary>
    private async ValueTask DisownAsync(BatchRecord record)
    {
        _strangers.Add(record.ServiceId!);
        await work.SaveAsync(record with { ServiceId = null, Told = null }).ConfigureAwait(false);
    }

    /// <summary>
    /// Which of the batches in doubt the first results of a batch are of; empty for none of them, null while they cannot be read: what broke off proves
    /// nothing.
    /// </summary>
    private async ValueTask<string?> OwnerAsync(BatchRoute route, BatchStatus status)
    {
        var doubtful = work.In(BatchPhase.Submitting);
        foreach (var file in status.Results)
        {
            var text = new FirstLines();
            await using (text.ConfigureAwait(false))
            {
                var told = await route.Client.DownloadAsync(file, text, work.Run.Stop.Stopping).ConfigureAwait(false);
                foreach (var line in text.Read())
                {
                    if (route.Client.ReadLine(line) is { } answer && doubtful.FirstOrDefault(r => BatchNaming.LineOf(answer.Id, r.Name) is not null) is { } owner)
                        return owner.Name;
                }

                if (told.Value is null) return null;
            }
        }

        // A batch can be told over before its results are.
        var since = _looked.TryGetValue(status.Id, out var at) ? at : _looked[status.Id] = work.Now;
        return status.Results.Count > 0 || work.Now - since >= Lag ? "" : null;
    }

    /// <summary>Keeps the first lines of what is written to it: more than one, because a service may have put a foreign one first.</summary>
    private sealed class FirstLines : MemoryStream
    {
        private const int Most = 100;

        // A line is a reply: no more than a service lets a model write.
        private const int Longest = 16 << 20;

        private int _lines;

        /// <summary>The lines.</summary>
        public IEnumerable<byte[]> Read()
        {
            var text = ToArray();
            for (var at = 0; at < text.Length;)
            {
                var end = Array.IndexOf(text, (byte)'\n', at);
                if (end < 0) end = text.Length;
                yield return text[at..end];
                at = end + 1;
            }
        }

        /// <summary>What every other way of writing to a stream derived from this one comes to.</summary>
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length >= Longest || _lines >= Most) return;
            base.Write(buffer, offset, count);
            _lines += buffer.AsSpan(offset, count).Count((byte)'\n');
        }
    }
}
