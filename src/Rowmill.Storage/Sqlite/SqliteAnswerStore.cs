using Rowmill.Core.Rows;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

internal sealed class SqliteAnswerStore(Writer writer, Reader<PackReader> packs, Reader<TableReader> tables) : IAnswerStore
{
    public ValueTask AppendAsync(OutcomePack pack, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new AppendOp(pack);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }

    public ValueTask FindAsync(
        AnswerScope scope, ReadOnlyMemory<RowKey> keys, Memory<StoredOutcome?> found, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (keys.Length != found.Length)
            throw new ArgumentException($"{keys.Length} keys cannot be answered in {found.Length} places", nameof(found));
        var required = long.MaxValue;
        return TryFind(scope, keys, found, ref required)
            ? ValueTask.CompletedTask
            : FindAfterCatchingUpAsync(scope, keys, found, required, cancellationToken);
    }

    public ValueTask<bool> AnyAsync(AnswerScope scope, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(tables.Use(t => Any(t, scope)));
    }

    public ValueTask<UnusedAnswers> UnusedAsync(string job, AnswerScope scope, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(tables.Use(t => Unused(t, job, scope)));
    }

    // Other processes may go on storing; the search owes only what was there when it began.
    private async ValueTask FindAfterCatchingUpAsync(
        AnswerScope scope, ReadOnlyMemory<RowKey> keys, Memory<StoredOutcome?> found, long required, CancellationToken cancellationToken)
    {
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var op = new CatchUpOp();
            writer.Enqueue(op);
            await op.AsVoidTask().ConfigureAwait(false);
        }
        while (!TryFind(scope, keys, found, ref required));
    }

    private bool TryFind(AnswerScope scope, ReadOnlyMemory<RowKey> keys, Memory<StoredOutcome?> found, ref long required)
    {
        using var lent = packs.Enter(out var reader);
        return reader.TryFind(scope, keys.Span, found.Span, ref required);
    }

    private static bool Any(TableReader tables, AnswerScope scope)
    {
        if (tables.Names.Id(scope.Question) is not { } question) return false;
        var any = tables.Statement("SELECT 1 FROM totals WHERE question = ?1 AND route = ?2");
        foreach (var name in scope.Routes)
        {
            if (tables.Names.Id(name) is not { } route || !any.Bind(1, question).Bind(2, route).Step()) continue;
            any.Reset();
            return true;
        }

        return false;
    }

    private static UnusedAnswers Unused(TableReader tables, string job, AnswerScope scope)
    {
        if (tables.Names.Id(job) is not { } jobId) return new UnusedAnswers(0, 0);
        var question = tables.Names.Id(scope.Question);
        var routes = scope.Routes.Select(tables.Names.Id).ToArray();
        var answers = 0L;
        var totals = tables.Statement("SELECT question, route, good FROM totals WHERE job = ?1").Bind(1, jobId);
        while (totals.Step())
        {
            if (IsOutside(totals)) answers += totals.Int64(2);
        }

        if (answers == 0) return new UnusedAnswers(0, 0);
        var usd = 0m;
        var calls = tables.Statement("calls_brought").Bind(1, jobId);
        while (calls.Step())
        {
            if (IsOutside(calls)) usd += calls.Decimal(2) ?? 0;
        }

        return new UnusedAnswers(answers, usd);

        bool IsOutside(Statement row) => (row.Int64(0) != question || !routes.Contains(row.Int64(1))) && !AnswerScope.IsApart(tables.Names.Name(row.Int64(0)));
    }
}
