using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

internal sealed class SqliteRunLog(Writer writer, Reader<TableReader> tables) : IRunLog
{
    public ValueTask SaveAsync(RunRecord run, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var op = new SaveRunOp(run);
        writer.Enqueue(op);
        return op.AsVoidTask();
    }

    public ValueTask<RunRecord?> LastAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(tables.Use(t =>
        {
            var read = t.Statement(
                "SELECT run, identity, started, ended, summary FROM runs WHERE job = ?1 ORDER BY started DESC, id DESC LIMIT 1");
            if (!read.Bind(1, job).Step()) return null;
            var run = new RunRecord(
                read.Text(0)!,
                job,
                read.Text(1)!,
                StoreTime.Read(read.Int64(2)),
                read.Int64OrNull(3) is { } ended ? StoreTime.Read(ended) : null,
                read.IsNull(4) ? null : JsonBytes.Read(read.Blob(4)));
            read.Reset();
            return run;
        }));
    }
}
