using System.Runtime.CompilerServices;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

internal sealed class MemoryCallLedger(MemoryRunLease leases, MemoryBatchStore batches) : ICallLedger
{
    private readonly Lock _gate = new();
    private readonly List<CallRecord> _calls = [];

    public ValueTask<long> OpenAsync(CallIntent intent, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(intent.Lease);
            var id = _calls.Count + 1L;
            _calls.Add(new CallRecord(id, intent with { Rows = [.. intent.Rows] }, null, CallState.Open));
            return ValueTask.FromResult(id);
        }
    }

    public ValueTask SettleAsync(CallSettlement settlement, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Settle(settlement);
        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps how a call ended.</summary>
    public void Settle(CallSettlement settlement)
    {
        lock (_gate)
        {
            if (settlement.CallId < 1 || settlement.CallId > _calls.Count)
                throw new InvalidOperationException($"there is no call {settlement.CallId}");
            var index = (int)settlement.CallId - 1;
            _calls[index] = _calls[index] with { Settlement = settlement, State = CallState.Settled, ClearedBy = null };
        }
    }

    public ValueTask RecordAsync(CallIntent call, CallSettlement settlement, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        OutcomeCheck.Check(call, settlement);
        Record(call, settlement);
        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps a line of a batch with how it ended, and ends the line.</summary>
    /// <returns>The call's number; null when the line has ended before, and nothing is kept.</returns>
    public long? Record(CallIntent call, CallSettlement settlement)
    {
        lock (_gate)
        {
            leases.Fence(call.Lease);
            if (!batches.TryEnd(call.Place!)) return null;
            var id = _calls.Count + 1L;
            var place = call.Place! with { Rest = default };
            _calls.Add(new CallRecord(id, call with { Rows = [.. call.Rows], Place = place }, settlement with { CallId = id }, CallState.Settled));
            return id;
        }
    }

    public ValueTask<Doubt> FindDoubtAsync(Lease lease, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(lease);
            var doubt = new Doubt(0, 0, 0);
            var rows = new HashSet<RowKey>();
            for (var i = 0; i < _calls.Count; i++)
            {
                var call = _calls[i];
                if (call.Intent.Job != lease.Job) continue;
                if (call.State == CallState.Open && call.Intent.RunId != lease.RunId) _calls[i] = call with { State = CallState.InDoubt };
                if (_calls[i].State != CallState.InDoubt) continue;
                rows.UnionWith(call.Intent.Rows);
                doubt = new Doubt(doubt.Calls + 1, rows.Count, doubt.Usd + (call.Intent.MaxUsd ?? 0));
            }

            return ValueTask.FromResult(doubt);
        }
    }

    public ValueTask ClearAsync(Lease lease, IReadOnlyList<long> calls, ClearedBy by, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            leases.Fence(lease);
            foreach (var id in calls)
            {
                var index = (int)id - 1;
                if (_calls[index].State == CallState.InDoubt) _calls[index] = _calls[index] with { State = CallState.Cleared, ClearedBy = by };
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<decimal> SpentAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return ValueTask.FromResult(_calls
                .Where(c => c.Intent.Job == job)
                .Sum(c => (c.Settlement is { } s ? s.Usd : c.Intent.MaxUsd) ?? 0) + batches.OpenUsd(job));
        }
    }

    public async IAsyncEnumerable<CallRecord> ReadAsync(
        CallQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        CallRecord[] calls;
        lock (_gate) calls = [.. _calls];
        foreach (var stored in calls)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var call = query.Look is { } look ? stored.Seen(look) : stored;
            if (call.Intent.Job == query.Job
                && (query.RunId is null || call.Intent.RunId == query.RunId)
                && (query.State is null || call.State == query.State)
                && (query.Row is null || call.Intent.Rows.Contains(query.Row.Value)))
                yield return call;
        }
    }

    public ValueTask FindSharesAsync(ReadOnlyMemory<RowCall> rows, Memory<CallShare?> found, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        OutcomeCheck.SameLength(rows.Length, found.Length);
        lock (_gate)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                var (id, row) = rows.Span[i];
                found.Span[i] = id >= 1 && id <= _calls.Count ? CallShare.Of(_calls[(int)id - 1], row) : null;
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>What the job's calls cost that brought answers under other questions or routes.</summary>
    public decimal CostOutside(string job, AnswerScope scope)
    {
        lock (_gate)
        {
            return _calls
                .Where(c => c.Intent.Job == job && c.Settlement is { GoodRows: > 0 } && !AnswerScope.IsApart(c.Intent.Question))
                .Where(c => c.Intent.Question != scope.Question || !scope.Routes.Contains(c.Intent.Route))
                .Sum(c => c.Settlement!.Usd ?? 0);
        }
    }
}
