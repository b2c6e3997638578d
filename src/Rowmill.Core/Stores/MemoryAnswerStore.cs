using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

internal sealed class MemoryAnswerStore(MemoryRunLease leases, MemoryCallLedger calls) : IAnswerStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Question, RowKey Key), List<(StoredOutcome Outcome, Supersedes Supersedes)>> _rows = [];
    private readonly Dictionary<(string Job, string Question, string Route), long> _good = [];

    public ValueTask AppendAsync(OutcomePack pack, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        OutcomeCheck.Check(pack);
        lock (_gate)
        {
            leases.Fence(pack.Lease);
            var call = pack.CallId;
            if (pack.Call is { } line)
            {
                if (calls.Record(line, pack.Settlement!) is not { } number) return ValueTask.CompletedTask;
                call = number;
            }
            else if (pack.Settlement is { } settlement)
            {
                calls.Settle(settlement);
            }

            foreach (var row in pack.Rows)
            {
                var outcome = new StoredOutcome(
                    row.Kind, row.Json.ToArray(), pack.Route, pack.RunId, call, row.Attempt, pack.At);
                if (_rows.TryGetValue((pack.Question, row.Key), out var outcomes)) outcomes.Add((outcome, pack.Supersedes));
                else _rows.Add((pack.Question, row.Key), [(outcome, pack.Supersedes)]);
            }

            var owner = (pack.Job, pack.Question, pack.Route);
            _good[owner] = _good.GetValueOrDefault(owner) + pack.Rows.Count(r => r.Kind != OutcomeKind.Failed);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask FindAsync(
        AnswerScope scope, ReadOnlyMemory<RowKey> keys, Memory<StoredOutcome?> found, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        OutcomeCheck.SameLength(keys.Length, found.Length);
        lock (_gate)
        {
            for (var i = 0; i < keys.Length; i++)
            {
                found.Span[i] = _rows.TryGetValue((scope.Question, keys.Span[i]), out var outcomes) ? Best(outcomes, scope.Routes) : null;
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> AnyAsync(AnswerScope scope, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate) return ValueTask.FromResult(_good.Keys.Any(o => o.Question == scope.Question && scope.Routes.Contains(o.Route)));
    }

    public ValueTask<UnusedAnswers> UnusedAsync(string job, AnswerScope scope, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var rows = _good
                .Where(o => o.Key.Job == job && !AnswerScope.IsApart(o.Key.Question) && (o.Key.Question != scope.Question || !scope.Routes.Contains(o.Key.Route)))
                .Sum(o => o.Value);
            return ValueTask.FromResult(new UnusedAnswers(rows, rows == 0 ? 0 : calls.CostOutside(job, scope)));
        }
    }

    private static StoredOutcome? Best(List<(StoredOutcome Outcome, Supersedes Supersedes)> outcomes, IReadOnlyList<string> routes)
    {
        StoredOutcome? best = null;
        var bestRank = int.MaxValue;
        for (var i = outcomes.Count - 1; i >= 0; i--)
        {
            var (outcome, supersedes) = outcomes[i];
            var rank = 0;
            while (rank < routes.Count && routes[rank] != outcome.Route) rank++;
            if (rank == routes.Count) continue;
            if (outcome.Kind == OutcomeKind.Failed) rank = routes.Count;
            if (rank < bestRank) (best, bestRank) = (outcome, rank);

            // What is older does not count any more.
            if (supersedes == Supersedes.EveryRoute && outcome.Kind != OutcomeKind.Failed) break;
        }

        return best;
    }
}
