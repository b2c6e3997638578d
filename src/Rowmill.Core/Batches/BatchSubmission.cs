using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Sends prepared batches, one after another, as far as the service's queue, its number of batches and the job's money admit them. Before every step
/// that cannot be taken back, what is about to be done is on the disk.
/// </summary>
/// <param name="work">The job.</param>
internal sealed class BatchSubmission(BatchWork work)
{
    /// <summary>Why the next prepared batch waits; null when none does.</summary>
    public string? Waits { get; private set; }

    /// <summary>When a service that turned a batch away for a time is to be tried again.</summary>
    public DateTimeOffset? TryAt { get; private set; }

    /// <summary>True while the service was not reached when it was last to be.</summary>
    public bool IsUnreached => _outage is not null;

    /// <summary>Sends what may go now.</summary>
    public async Task RunAsync()
    {
        Waits = null;
        foreach (var record in work.In(BatchPhase.Prepared))
        {
            if (work.Run.Stop.Reason is not null) return;
            // That of a model this run leaves out stays for another.
            if (!work.IsOfQuestion(record) || work.RouteOf(record) is not { } route) continue;

            if (work.In(BatchPhase.Submitting).Any(r => r.Route == record.Route))
            {
                Waits ??= "nobody knows yet whether the provider has the one before";
                continue;
            }

            if (TryAt > work.Now)
            {
                Waits ??= "the service asked to wait";
                return;
            }

            if (!await FitsAsync(record, route).ConfigureAwait(false)) return;
            await SendAsync(record, route).ConfigureAwait(false);
        }
    }

    /// <summary>True when rows have become free that no preparation has seen yet.</summary>
    public bool HasFreed { get; set; }

    /// <summary>A batch that is never to be sent: its rows are free.</summary>
    public async ValueTask DropAsync(BatchRecord record, string why)
    {
        HasFreed = true;
        // It has its place in the queue when a run was killed between asking for it and sending.
        if (work.RouteOf(record) is { } route) await work.Environment.Windows.DequeueAsync(route.Owner, record.Name).ConfigureAwait(false);
        await work.SaveAsync(record with { Phase = BatchPhase.Dropped, EndedAt = work.Now, Note = why }).ConfigureAwait(false);
        work.Folder.Delete(record.Name);
        work.Run.Events.Emit("batch_dropped", new JsonObject { ["batch"] = record.Name, ["reason"] = why });
    }

    /// <summary>Goes on with a batch whose file is surely not a batch yet: the upload, the creation.</summary>
    private async Task SendAsync(BatchRecord record, BatchRoute route)
    {
        var sum = await BatchFolder.ChecksumAsync(work.Folder.Requests(record.Name), work.Run.Stop.Stopping).ConfigureAwait(false);
        if (sum != record.Sha256)
        {
            // Nothing was sent: what stands in the file now is nobody's word.
            var why = sum is null ? "its file is gone" : $"its file was changed since it was prepared, and is kept as {work.Folder.SetAside(record.Name)}";
            await DropAsync(record, $"{why}; its rows go into a new one").ConfigureAwait(false);
            return;
        }

        var tried = record.Note is not null;
        var reused = record.Upload is not null;
        record = await work.SaveAsync(record with { Phase = BatchPhase.Submitting, SubmittedAt = work.Now, Note = null }).ConfigureAwait(false);
        work.Sent.Add(record.Name);
        work.Run.Pass(Transition.BatchIntent);
        if (await UploadAsync(record, route, tried).ConfigureAwait(false) is not { } uploaded) return;
        await CreateAsync(uploaded, route, reused).ConfigureAwait(false);
    }

    private async ValueTask<bool> FitsAsync(BatchRecord record, BatchRoute route)
    {
        var under = work.In(BatchPhase.Submitting, BatchPhase.Submitted).Count(r => r.Route == record.Route && r.Told?.IsOver != true);
        if (route.Client.Caps.Concurrent is { } most && under >= most)
        {
            Waits = string.Create(CultureInfo.InvariantCulture, $"{route.Route.Name} takes {most} batches at a time");
            return false;
        }

        if (await work.MoneyLeftAsync().ConfigureAwait(false) is { } left && record.MaxUsd > left)
        {
            if (under == 0) work.Run.Stop.Request(work.Run.Money!.Reached());
            Waits = "what is under way may cost the rest of the money";
            return false;
        }

        var request = new QueueRequest(route.Owner, route.Route.Limits, record.Name, record.Reserved.Input, work.Now + 2 * route.Client.Caps.Window);
        var queue = await work.Environment.Windows.EnqueueAsync(request).ConfigureAwait(false);
        if (queue.Granted) return true;
        if (record.Reserved.Input > queue.Limit && record.Lines > 1)
        {
            await DropAsync(record, string.Create(CultureInfo.InvariantCulture, $"it is larger than the queue of {queue.Limit} tokens: its rows go in smaller ones")).ConfigureAwait(false);
            return false;
        }

        if (record.Reserved.Input > queue.Limit)
        {
            work.Run.Stop.Request(new StopReason(RunState.Failed, string.Create(
                CultureInfo.InvariantCulture, $"one request of {record.Reserved.Input} tokens is more than the queue of {route.Route.Name} takes, {queue.Limit}"))
            { UserError = true });
            return false;
        }

        Waits = string.Create(CultureInfo.InvariantCulture, $"the queue of {route.Route.Name} holds {queue.Used:N0} of {queue.Limit:N0} tokens");
        return false;
    }

    /// <summary>Brings the file there.</summary>
    /// <returns>The record with what the service calls it; null when that did not come about.</returns>
    private async ValueTask<BatchRecord?> UploadAsync(BatchRecord record, BatchRoute route, bool tried)
    {
        if (record.Upload is not null) return record;
        var file = work.FileOf(record);
        if (tried)
        {
            // An earlier upload may have come through without a word.
            var found = await route.Client.FindUploadAsync(file, work.Run.Stop.Stopping).ConfigureAwait(false);
            if (found.Value is { Length: > 0 } known) return await UploadedAsync(record, known).ConfigureAwait(false);
        }

        var resumed = record.UploadSession;
        var told = await SendFileAsync(resumed).ConfigureAwait(false);
        // What was begun may be forgotten there by now.
        if (resumed is not null && told.Failure is { } gone && IsSurelyNot(gone)) told = await SendFileAsync(null).ConfigureAwait(false);
        if (told.Value is { } id) return await UploadedAsync(record, id).ConfigureAwait(false);
        await BackAsync(record, route, told.Failure!, told.Limits).ConfigureAwait(false);
        return null;

        ValueTask<BatchReply<string>> SendFileAsync(string? session) => route.Client.UploadAsync(
            file, session, async begun => record = await work.SaveAsync(record with { UploadSession = begun }).ConfigureAwait(false), work.Run.Stop.Stopping);
    }

    private async ValueTask<BatchRecord> UploadedAsync(BatchRecord record, string id)
    {
        work.Run.Pass(Transition.BatchUploaded);
        Reached();
        record = await work.SaveAsync(record with { Upload = id, SubmittedAt = work.Now }).ConfigureAwait(false);
        work.Run.Pass(Transition.BatchCreating);
        return record;
    }

    private async ValueTask CreateAsync(BatchRecord record, BatchRoute route, bool reused)
    {
        var told = await route.Client.CreateAsync(work.FileOf(record), record.Upload!, work.Run.Stop.Abandoning).ConfigureAwait(false);
        if (told.Value is { } status)
        {
            Reached();
            work.Run.Pass(Transition.BatchCreated);
            await AdoptAsync(record, route, status).ConfigureAwait(false);
            return;
        }

        var failure = told.Failure!;
        if (IsSurelyNot(failure))
        {
            // A file that was uploaded long ago may be gone there: it is sent anew once.
            var gone = reused && failure.Kind is FailureKind.BadRequest or FailureKind.ModelRefused;
            if (!Reusable(failure)) record = record with { Upload = null, UploadSession = null };
            await BackAsync(record, route, gone ? failure with { HttpStatus = null } : failure, told.Limits).ConfigureAwait(false);
        }
        else await work.SaveAsync(record with { SubmittedAt = work.Now, Note = $"nobody knows whether the service has it: {failure.Message}" }).ConfigureAwait(false);
    }

    /// <summary>The service has it.</summary>
    public async ValueTask<BatchRecord> AdoptAsync(BatchRecord record, BatchRoute route, BatchStatus status)
    {
        record = await work.SaveAsync(record with
        {
            Phase = BatchPhase.Submitted,
            ServiceId = status.Id,
            SubmittedAt = Here(status.CreatedAt ?? record.SubmittedAt, record.PreparedAt),
            Told = BatchPolling.Told(status, route.Client.Caps, work.Now) with { IsOver = false },
            Note = null,
        }).ConfigureAwait(false);
        work.Run.Pass(Transition.BatchSubmitted);
        work.Run.Events.Emit("batch_submitted", new JsonObject { ["batch"] = record.Name, ["id"] = status.Id, ["requests"] = record.Lines, ["rows"] = record.Rows });
        return record;
    }

    /// <summary>A moment the service tells, by our clock, from which its own may be far: after the batch was prepared, and not to come.</summary>
    private DateTimeOffset Here(DateTimeOffset? told, DateTimeOffset prepared) =>
        told > work.Now || told is null ? work.Now : told < prepared ? prepared : told.Value;

    /// <summary>It surely is not there: it is a prepared one again, to be sent when it may be.</summary>
    public async ValueTask AgainAsync(BatchRecord record, string why) =>
        await work.SaveAsync(record with { Phase = BatchPhase.Prepared, ServiceId = null, Told = null, SubmittedAt = null, Note = why }).ConfigureAwait(false);

    /// <summary>It was not taken, and why that was is learned.</summary>
    public async ValueTask BackAsync(BatchRecord record, BatchRoute route, ModelFailure failure, IReadOnlyList<LimitReading> limits)
    {
        await AgainAsync(record, failure.Message).ConfigureAwait(false);
        await work.Environment.Windows.DequeueAsync(route.Owner, record.Name).ConfigureAwait(false);
        work.Run.Events.Emit("batch_not_taken", new JsonObject { ["batch"] = record.Name, ["model"] = route.Route.Name, ["reason"] = failure.Message });
        if (await LearnAsync(route, limits).ConfigureAwait(false) || failure.Kind is FailureKind.RateLimited)
        {
            Hold(failure);
            return;
        }

        if (failure.HttpStatus is not null && work.IsRefused(route, failure)) return;
        if (IsSurelyNot(failure))
            work.Run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} does not take the batch {record.Name}: {failure.Message}") { UserError = true });
        else Unreached(route, failure);
    }

    /// <summary>A service was reached again.</summary>
    public void Reached() => _outage = null;

    /// <summary>A service was not reached; with nothing under way there, one that is not for longer than the job's patience is given up.</summary>
    public void Unreached(BatchRoute route, ModelFailure failure)
    {
        _outage ??= work.Now;
        Hold(failure);
        if (work.Now - _outage <= work.Plan.Job.Patience || work.In(BatchPhase.Submitted).Count > 0) return;
        work.Run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} could not be reached for {Jobs.Duration.Format(work.Plan.Job.Patience)}: {failure.Message}"));
    }

    private DateTimeOffset? _outage;

    /// <summary>What a service tells of its queue is learned.</summary>
    private async ValueTask<bool> LearnAsync(BatchRoute route, IReadOnlyList<LimitReading> limits)
    {
        if (limits.FirstOrDefault(l => l.Window == LimitNames.EnqueuedTokens)?.Limit is not { } limit) return false;
        await work.Environment.Windows.LearnQueueAsync(route.Owner, limit).ConfigureAwait(false);
        work.Run.Events.Emit("learned", new JsonObject { ["model"] = route.Route.Name, ["window"] = LimitNames.EnqueuedTokens, ["limit"] = limit });
        return true;
    }

    private void Hold(ModelFailure failure)
    {
        var pause = work.Plan.Job.Batch.Poll ?? BatchPolling.ShortestPause;
        // Who has less patience is not kept longer.
        if (IsUnreached && work.Plan.Job.Patience < pause) pause = work.Plan.Job.Patience;
        TryAt = work.Now + (failure.RetryAfter ?? pause);
        Waits = failure.Message;
    }

    /// <summary>Whether a refusal of the creation leaves no doubt that no batch was made: an answer of the service that says no.</summary>
    private static bool IsSurelyNot(ModelFailure failure) =>
        failure is { HttpStatus: >= 400 and < 500 and not 408 and not 409 and not 425 and not 499 } or { Kind: FailureKind.RateLimited, HttpStatus: not null };

    // A file that the service found wrong is not sent a second time as it is.
    private static bool Reusable(ModelFailure failure) => failure.Kind is FailureKind.RateLimited or FailureKind.KeyRefused or FailureKind.QuotaExhausted;
}
