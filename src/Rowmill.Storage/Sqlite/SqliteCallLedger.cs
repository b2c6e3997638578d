using System.Runtime.CompilerServices;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

internal sealed class SqliteCallLedger(Writer writer, Reader<TableReader> tables) : ICallLedger
{
    private const int PageSize = 256;

    public ValueTask<long> OpenAsync(CallIntent intent, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new OpenCallOp(intent);
        writer.Enqueue(op);
        return op.AsTask();
    }

    public ValueTask SettleAsync(CallSettlement settlement, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new SettleCallOp(settlement);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }

    public ValueTask RecordAsync(CallIntent call, CallSettlement settlement, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new RecordCallOp(call, settlement);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }

    public async ValueTask<Doubt> FindDoubtAsync(Lease lease, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new FindDoubtOp(lease);
        writer.Enqueue(op);
        await op.AsVoidTask().ConfigureAwait(false);
        return op.Doubt;
    }

    public ValueTask ClearAsync(Lease lease, IReadOnlyList<long> calls, ClearedBy by, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new ClearCallsOp(lease, [.. calls], by);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }

    public ValueTask<decimal> SpentAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(tables.Use(t =>
        {
            var usd = 0m;
            if (t.Names.Id(job) is not { } id) return usd;
            var spent = t.Statement("calls_spent").Bind(1, id);
            while (spent.Step()) usd += (spent.Decimal(0) ?? 0) * spent.Int64(1) / spent.Int64(2);
            return usd;
        }));
    }

    public async IAsyncEnumerable<CallRecord> ReadAsync(
        CallQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        var after = 0L;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = tables.Use(t => ReadPage(t, query, after));
            foreach (var stored in page)
            {
                var call = query.Look is { } look ? stored.Seen(look) : stored;
                if (query.State is { } state && call.State != state) continue;

                // The file compares bytes anywhere in the keys; a row's key starts at a multiple of its size.
                if (query.Row is null || call.Intent.Rows.Contains(query.Row.Value)) yield return call;
            }

            if (page.Count < PageSize) yield break;
            after = page[^1].CallId;
        }
    }

    public ValueTask FindSharesAsync(ReadOnlyMemory<RowCall> rows, Memory<CallShare?> found, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (rows.Length != found.Length) throw new ArgumentException($"{rows.Length} rows cannot be answered in {found.Length} places", nameof(found));
        tables.Use(t =>
        {
            ShareReader.Find(t.Statement("calls_shares"), rows.Span, found.Span);
            return true;
        });
        return ValueTask.CompletedTask;
    }

    /// <summary>A page of what may be asked for; the caller looks closer at state and row.</summary>
    private static List<CallRecord> ReadPage(TableReader tables, CallQuery query, long after)
    {
        var page = new List<CallRecord>();
        if (tables.Names.Id(query.Job) is not { } job) return page;
        var unsettled = query.State is CallState.Open or CallState.InDoubt or CallState.Cleared;
        var open = query.State == CallState.Open || (query.State == CallState.InDoubt && query.Look is not null);
        var read = tables.Statement(unsettled ? "calls_unsettled" : "calls_read")
            .Bind(1, job).Bind(2, after).BindNull(3).BindNull(4).Bind(5, PageSize)
            .Bind(6, (unsettled ? open : query.State == CallState.Settled) ? 1 : 0);
        if (unsettled) read.Bind(7, query.Job);
        if (query.RunId is { } run)
        {
            if (tables.Names.Id(run) is not { } id) return page;
            read.Bind(3, id);
        }

        if (query.Row is { } row)
        {
            Span<byte> key = stackalloc byte[RowKey.Size];
            row.Write(key);
            read.BindBlob(4, key);
        }

        while (read.Step()) page.Add(ReadCall(read, tables.Names, query.Job));
        return page;
    }

    private static CallRecord ReadCall(Statement read, NameReader names, string job)
    {
        var run = names.Name(read.Int64(1));
        var keys = read.Blob(10);
        var rows = new RowKey[keys.Length / RowKey.Size];
        for (var i = 0; i < rows.Length; i++) rows[i] = RowKey.Read(keys[(i * RowKey.Size)..]);
        var intent = new CallIntent
        {
            Job = job,
            RunId = run,
            Question = names.Name(read.Int64(3)),
            Route = names.Name(read.Int64(4)),
            At = StoreTime.Read(read.Int64(5)),
            Rows = rows,
            Reserved = new TokenUsage(read.Int64(6), read.Int64(7), read.Int64(8)),
            MaxUsd = read.Decimal(9),
            Lease = new Lease(job, run, read.Int64(2)),
            Place = read.Int64OrNull(25) is { } batch ? new BatchPlace(names.Name(batch), (int)read.Int64(26)) : null,
        };
        var (state, by) = StoredDoubt.Read(read.Int64(11));
        var id = read.Int64(0);
        return new CallRecord(id, intent, state == CallState.Settled ? ReadSettlement(read, id) : null, state) { ClearedBy = by };
    }

    private static CallSettlement ReadSettlement(Statement read, long id) => new()
    {
        CallId = id,
        At = StoreTime.Read(read.Int64(12)),
        Failure = FailureNames.Read(read.Text(13)),
        HttpStatus = (int?)read.Int64OrNull(14),
        GoodRows = (int)read.Int64(15),
        Usage = new TokenUsage(read.Int64(16), read.Int64(17), read.Int64(18)),
        Usd = read.Decimal(19),
        Latency = TimeSpan.FromTicks(read.Int64(20)),
        RequestId = read.Text(21),
        Note = read.Text(22),
        Evidence = read.Text(23),
        Counts = MendedText.Read(read.Text(24)),
    };
}
