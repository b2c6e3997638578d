using System.Collections.Concurrent;
using System.Globalization;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>
/// Requests outside a job's rows, through the same windows and the same ledger as those of a run: none leaves that a known window would
/// refuse, each has its intent stored before it leaves and its cost after. What the service turns away for a time is asked again within the
/// request's patience. Safe for concurrent use.
/// </summary>
public sealed class MeteredCalls : IAsyncDisposable
{
    // Processes that share a store and a name are few.
    private const int MostNames = 64;

    private readonly RunEnvironment _environment;
    private readonly Lease _lease;
    private readonly PeriodicTimer _renewing;
    private readonly Task _renewal;
    private readonly ConcurrentDictionary<string, Door> _doors = new(StringComparer.Ordinal);
    private readonly Lock _counting = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inFlight;
    private bool _closing;
    private volatile Exception? _lost;

    private MeteredCalls(RunEnvironment environment, Lease lease)
    {
        (_environment, _lease) = (environment, lease);
        _renewing = new PeriodicTimer(IRunLease.RenewEvery, environment.Clock);
        _renewal = RenewAsync();
    }

    /// <summary>The name that its calls bear in the ledger.</summary>
    public string Name => _lease.Job;

    /// <summary>True when another process has taken the name over: every further call fails.</summary>
    public bool IsLost => _lost is not null;

    /// <summary>Takes a place in the ledger.</summary>
    /// <param name="environment">The ports.</param>
    /// <param name="name">The name its calls shall bear, as a job's do; where a live process has it already, a number is added.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    public static async Task<MeteredCalls> OpenAsync(RunEnvironment environment, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var run = RunIds.New(environment.Clock, environment.Chance);
        for (var i = 1; ; i++)
        {
            var job = i == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
            var grant = await environment.Leases.AcquireAsync(job, run, environment.Owner, cancellationToken).ConfigureAwait(false);
            if (grant.Granted is { } lease)
            {
                // What a dead process left open is in doubt from now on.
                await environment.Calls.FindDoubtAsync(lease, cancellationToken).ConfigureAwait(false);
                return new MeteredCalls(environment, lease);
            }

            if (i == MostNames) throw new AlreadyRunningException(job, grant.Holder!, grant.Since!.Value);
        }
    }

    /// <summary>Makes a request.</summary>
    /// <returns>What it brought; a failure when that is final, or when the patience is over.</returns>
    /// <exception cref="LeaseLostException">Another process has taken the name over.</exception>
    public async ValueTask<MeteredReply<T>> CallAsync<T>(MeteredCall<T> call, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(call);
        var until = End(_environment.Clock.GetUtcNow(), call.Patience);
        var door = _doors.GetOrAdd(
            call.Route.Id, _ => new Door(new RouteGate(_environment.Chance), new SemaphoreSlim(call.Route.Limits.Concurrency ?? RouteLimits.DefaultConcurrency)));
        lock (_counting)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            _inFlight++;
        }

        try
        {
            await door.Slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await AskAsync(call, door.Gate, until, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                door.Slots.Release();
            }
        }
        finally
        {
            lock (_counting)
            {
                if (--_inFlight == 0 && _closing) _ended.TrySetResult();
            }
        }
    }

    /// <summary>Waits for what is in flight, and gives the name back.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_counting)
        {
            if (_closing) return;
            _closing = true;
            if (_inFlight == 0) _ended.TrySetResult();
        }

        await _ended.Task.ConfigureAwait(false);
        _renewing.Dispose();
        await _renewal.ConfigureAwait(false);
        foreach (var door in _doors.Values) door.Slots.Dispose();
        await _environment.Leases.ReleaseAsync(_lease).ConfigureAwait(false);
    }

    private async ValueTask<MeteredReply<T>> AskAsync<T>(MeteredCall<T> call, RouteGate gate, DateTimeOffset until, CancellationToken cancellationToken)
        where T : class
    {
        var owner = await _environment.WindowOwner(call.Route).ConfigureAwait(false);
        MeteredReply<T>? last = null;
        while (true)
        {
            if (_lost is { } lost) throw lost;
            var (reservation, wait) = await EnterAsync(call, gate, owner, until, cancellationToken).ConfigureAwait(false);
            if (wait is not null) return last is { Failure: { } failure } ? last with { Failure = failure with { RetryAfter = wait.RetryAfter } } : new(null, wait);

            last = await SendAsync(call, gate, owner, reservation, cancellationToken).ConfigureAwait(false);
            if (last.Failure is not { } failed || !Passes(failed.Kind)) return last;
        }
    }

    /// <summary>What may go through when it is asked again.</summary>
    private static bool Passes(FailureKind kind) => kind is FailureKind.RateLimited or FailureKind.Unavailable or FailureKind.ConnectionLost
        or FailureKind.TimedOut or FailureKind.ParameterRefused;

    /// <summary>Waits for leave: a reservation where windows bind, or the failure that ends the request without its being sent.</summary>
    private async ValueTask<(long? Reservation, ModelFailure? Wait)> EnterAsync<T>(
        MeteredCall<T> call, RouteGate gate, WindowOwner owner, DateTimeOffset until, CancellationToken cancellation)
        where T : class
    {
        long? place = null;
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var now = _environment.Clock.GetUtcNow();
                var wait = gate.Wait(now);
                var words = gate.Reason ?? "its turn";
                if (wait <= TimeSpan.Zero)
                {
                    var windows = await _environment.Windows.SnapshotAsync(owner, call.Route.Limits, cancellation).ConfigureAwait(false);
                    if (!windows.Binds) return (null, null);
                    var request = new WindowRequest(owner, call.Route.Limits, call.Demand) { Patience = until - now, Place = place };
                    var grant = await _environment.Windows.ReserveAsync(request, cancellation).ConfigureAwait(false);
                    place = grant.Place;
                    if (grant.Reservation is { } reservation) return (reservation, null);
                    gate.NotSent();
                    words = grant.Hold?.Reason ?? $"the window {grant.Window} of {call.Route.Name} is used up";
                    if (grant.NeverFits)
                        return (null, new ModelFailure(FailureKind.TooLarge, $"the request is larger than the window {grant.Window} of {call.Route.Name}") { Window = grant.Window });
                    wait = grant.Wait;
                }

                if (wait > until - now) return (null, new ModelFailure(FailureKind.RateLimited, words) { RetryAfter = wait });
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), _environment.Clock, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            if (place is { } kept) await _environment.Windows.ReleaseAsync(kept, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async ValueTask<MeteredReply<T>> SendAsync<T>(
        MeteredCall<T> call, RouteGate gate, WindowOwner owner, long? reservation, CancellationToken cancellation)
        where T : class
    {
        var reserved = new TokenUsage(call.Demand.InputTokens, 0, call.Demand.OutputTokens);
        var maxUsd = call.MaxUsd ?? call.Route.Price?.Of(reserved);
        var sentAt = _environment.Clock.GetUtcNow();
        long id;
        try
        {
            id = await _environment.Calls.OpenAsync(new CallIntent
            {
                Job = _lease.Job,
                RunId = _lease.RunId,
                Question = call.Question,
                Route = call.Route.Id,
                At = sentAt,
                Rows = call.Rows,
                Reserved = reserved,
                MaxUsd = maxUsd,
                Lease = _lease,
            }, cancellation).ConfigureAwait(false);
        }
        catch
        {
            // It does not leave.
            if (reservation is { } held) await _environment.Windows.ReleaseAsync(held, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        var began = _environment.Clock.GetTimestamp();
        MeteredReply<T> reply;
        using var span = CallSpan.Start(call.Operation, call.Route, call.Demand.OutputTokens, _lease.Job, _lease.RunId, call.Rows.Count);
        span.Asks(call.Asked);
        try
        {
            reply = await call.Send(cancellation).ConfigureAwait(false);
            span.Ended(reply.Value as ModelReply, reply.Failure, reply.Usage, reply.RequestId, _environment.Clock.GetElapsedTime(began));
        }
        catch (OperationCanceledException)
        {
            span.GivenUp(_environment.Clock.GetElapsedTime(began));
            // Nobody knows whether it is paid for: its intent stays open, and its windows stay charged.
            if (reservation is { } held) await _environment.Windows.SettleAsync(held, new WindowSettlement(null), CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        await SettleAsync(call, reply, id, maxUsd, began).ConfigureAwait(false);
        await LearnAsync(reply, gate, owner, reservation, sentAt).ConfigureAwait(false);
        return reply;
    }

    private async ValueTask SettleAsync<T>(MeteredCall<T> call, MeteredReply<T> reply, long id, decimal? maxUsd, long began)
        where T : class
    {
        var usd = reply.Failure is null or { Billed: true } or { Kind: FailureKind.TimedOut }
            ? reply.Usd ?? (reply.Usage is { } used ? call.Route.Price?.Of(used) : maxUsd)
            : 0m;
        await _environment.Calls.SettleAsync(new CallSettlement
        {
            CallId = id,
            At = _environment.Clock.GetUtcNow(),
            Failure = reply.Failure?.Kind,
            Note = reply.Failure?.Message,
            Evidence = reply.Failure?.Evidence,
            HttpStatus = reply.Failure?.HttpStatus,
            RequestId = reply.RequestId,
            GoodRows = reply.Failure is null ? call.Rows.Count : 0,
            Usage = reply.Usage ?? default,
            Usd = usd,
            Latency = _environment.Clock.GetElapsedTime(began),
        }, CancellationToken.None).ConfigureAwait(false);
    }

    private async ValueTask LearnAsync<T>(MeteredReply<T> reply, RouteGate gate, WindowOwner owner, long? reservation, DateTimeOffset sentAt)
        where T : class
    {
        if (reply.Failure is { } failure) gate.Failed(failure, sentAt, _environment.Clock.GetUtcNow());
        else gate.Succeeded(sentAt);
        var settlement = reply.Failure is { } why ? RouteLearning.Settlement(why, reply.Limits) : new WindowSettlement(reply.Usage) { Readings = reply.Limits };
        if (reservation is { } held) await _environment.Windows.SettleAsync(held, settlement).ConfigureAwait(false);
        else await _environment.Windows.ObserveAsync(owner, reply.Limits, sentAt).ConfigureAwait(false);
    }

    private async Task RenewAsync()
    {
        try
        {
            while (await _renewing.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (await _environment.Leases.RenewAsync(_lease, CancellationToken.None).ConfigureAwait(false)) continue;
                _lost = new LeaseLostException(_lease.Job);
                return;
            }
        }
        catch (StoreException e)
        {
            _lost = e;
        }
    }

    private static DateTimeOffset End(DateTimeOffset from, TimeSpan after) => after < DateTimeOffset.MaxValue - from ? from + after : DateTimeOffset.MaxValue;

    /// <summary>What a route's requests pass: back-off and holds, and a place for each that may be in flight.</summary>
    private sealed record Door(RouteGate Gate, SemaphoreSlim Slots);
}
