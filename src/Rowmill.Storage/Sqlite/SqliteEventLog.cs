using System.Runtime.CompilerServices;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

internal sealed class SqliteEventLog(Writer writer, Reader<TableReader> tables) : IEventLog
{
    private const int PageSize = 256;

    public ValueTask AppendAsync(RunEvent e, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new AppendEventOp(e);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }

    public async IAsyncEnumerable<RunEvent> ReadAsync(
        string runId, long after, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = tables.Use(t => ReadPage(t, runId, after));
            foreach (var e in page) yield return e;
            if (page.Count < PageSize) yield break;
            after = page[^1].Number;
        }
    }

    private static List<RunEvent> ReadPage(TableReader tables, string runId, long after)
    {
        var page = new List<RunEvent>();
        if (tables.Names.Id(runId) is not { } run) return page;
        var read = tables.Statement("SELECT number, at, kind, data FROM events WHERE run = ?1 AND number > ?2 ORDER BY number LIMIT ?3");
        read.Bind(1, run).Bind(2, after).Bind(3, PageSize);
        while (read.Step())
        {
            page.Add(new RunEvent(
                runId, read.Int64(0), StoreTime.Read(read.Int64(1)), read.Text(2)!, JsonBytes.Read(read.Blob(3))));
        }

        return page;
    }
}
