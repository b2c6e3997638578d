using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite.Ops;

namespace Rowmill.Storage.Sqlite;

/// <summary>Batch jobs in an SQLite store.</summary>
internal sealed class SqliteBatchStore(Writer writer, Reader<TableReader> tables) : IBatchStore
{
    /// <summary>Lines or rests read at once: bounds the memory and how long a reader keeps the log from being carried into the file.</summary>
    private const int PageSize = 256;

    public ValueTask AddLinesAsync(Lease lease, string batch, IReadOnlyList<BatchLine> lines, CancellationToken cancellationToken = default) =>
        Write(new AddLinesOp(lease, batch, lines), cancellationToken).AsVoidTask();

    public ValueTask SaveAsync(Lease lease, BatchRecord batch, CancellationToken cancellationToken = default) =>
        Write(new SaveBatchOp(lease, batch), cancellationToken).AsVoidTask();

    public ValueTask<IReadOnlyList<BatchRecord>> ReadAsync(string job, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(tables.Use<IReadOnlyList<BatchRecord>>(t =>
        {
            var batches = new List<BatchRecord>();
            if (t.Names.Id(job) is not { } id) return batches;
            var read = t.Statement("batches_read").Bind(1, id);
            while (read.Step()) batches.Add(ReadBatch(read, t.Names, job));
            return batches;
        }));
    }

    public ValueTask FindLinesAsync(string batch, ReadOnlyMemory<int> numbers, Memory<BatchLine?> found, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (numbers.Length != found.Length) throw new ArgumentException($"{numbers.Length} lines cannot be answered in {found.Length} places", nameof(found));
        return tables.Use(t =>
        {
            found.Span.Clear();
            if (OpenBatch(t, batch) is not { } id) return ValueTask.CompletedTask;
            for (var i = 0; i < numbers.Length; i++)
            {
                if (numbers.Span[i] < 1) continue;
                var line = BatchLineId.Of(id, numbers.Span[i]);
                var read = t.Statement("batch_lines_open").Bind(1, line).Bind(2, line).Bind(3, 1);
                if (!read.Step()) continue;
                found.Span[i] = ReadLine(read);
                read.Reset();
            }

            return ValueTask.CompletedTask;
        });
    }

    public async IAsyncEnumerable<BatchLine> OpenLinesAsync(string batch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        for (var after = 0; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = tables.Use(t => OpenBatch(t, batch) is { } id ? ReadLines(t, id, after, ReadLine) : []);
            foreach (var line in page) yield return line;
            if (page.Count < PageSize) yield break;
            after = page[^1].Number;
        }
    }

    public async IAsyncEnumerable<BatchRest> RestsAsync(
        string job, string question, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        for (var after = 0L; ;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (page, last) = tables.Use(t => ReadRests(t, job, question, after));
            foreach (var rest in page) yield return rest;
            if (page.Count < PageSize) yield break;
            after = last;
        }
    }

    public ValueTask ForgetRestsAsync(Lease lease, IReadOnlyList<BatchRest> rests, CancellationToken cancellationToken = default) =>
        Write(new ForgetRestsOp(lease, [.. rests]), cancellationToken).AsVoidTask();

    public async ValueTask<int> CloseAsync(Lease lease, string batch, CancellationToken cancellationToken = default) =>
        (int)await Write(new CloseBatchOp(lease, batch), cancellationToken).AsTask().ConfigureAwait(false);

    public ValueTask<(int Lines, int Rows)> CountOpenAsync(string batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(tables.Use(t =>
        {
            if (OpenBatch(t, batch) is not { } id) return (0, 0);
            var read = t.Statement("SELECT open_lines, open_rows FROM batches WHERE id = ?1").Bind(1, id);
            if (!read.Step()) return (0, 0);
            var open = ((int)read.Int64(0), (int)read.Int64(1));
            read.Reset();
            return open;
        }));
    }

    public async IAsyncEnumerable<IReadOnlyList<RowKey>> OpenRowsAsync(
        string job, string question, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var batch in tables.Use(t => OpenBatches(t, job, question)))
        {
            for (var after = 0; ;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var page = tables.Use(t => ReadLines(t, batch, after, read => (BatchLineId.Number(read.Int64(0)), Rows: ReadKeys(read.Blob(1)))));
                foreach (var line in page) yield return line.Rows;
                if (page.Count < PageSize) break;
                after = page[^1].Item1;
            }
        }
    }

    private T Write<T>(T op, CancellationToken cancellationToken)
        where T : WriteOp
    {
        cancellationToken.ThrowIfCancellationRequested();
        writer.Enqueue(op);
        return op;
    }

    /// <summary>The id of a batch that was saved.</summary>
    private static long? OpenBatch(TableReader tables, string batch)
    {
        if (tables.Names.Id(batch) is not { } id) return null;
        var read = tables.Statement("SELECT 1 FROM batches WHERE id = ?1 AND saved IS NOT NULL").Bind(1, id);
        if (!read.Step()) return null;
        read.Reset();
        return id;
    }

    private static List<long> OpenBatches(TableReader tables, string job, string question)
    {
        var batches = new List<long>();
        if (tables.Names.Id(job) is not { } jobId || tables.Names.Id(question) is not { } questionId) return batches;
        var read = tables.Statement("SELECT id FROM batches WHERE job = ?1 AND question = ?2 AND saved IS NOT NULL AND open_lines > 0 ORDER BY saved");
        read.Bind(1, jobId).Bind(2, questionId);
        while (read.Step()) batches.Add(read.Int64(0));
        return batches;
    }

    private static List<T> ReadLines<T>(TableReader tables, long batch, int after, Func<Statement, T> line)
    {
        var page = new List<T>();
        var read = tables.Statement("batch_lines_open").Bind(1, BatchLineId.Of(batch, after) + 1).Bind(2, BatchLineId.Range(batch).Last).Bind(3, PageSize);
        while (read.Step()) page.Add(line(read));
        return page;
    }

    private static (List<BatchRest> Page, long Last) ReadRests(TableReader tables, string job, string question, long after)
    {
        var page = new List<BatchRest>();
        if (tables.Names.Id(job) is not { } jobId || tables.Names.Id(question) is not { } questionId) return (page, after);
        var read = tables.Statement("SELECT id, batch, line, rest FROM batch_rests WHERE job = ?1 AND question = ?2 AND id > ?3 ORDER BY id LIMIT ?4");
        read.Bind(1, jobId).Bind(2, questionId).Bind(3, after).Bind(4, PageSize);
        while (read.Step())
        {
            page.Add(new BatchRest(tables.Names.Name(read.Int64(1)), (int)read.Int64(2), read.Blob(3).ToArray()));
            after = read.Int64(0);
        }

        return (page, after);
    }

    private static BatchLine ReadLine(Statement read)
    {
        var tokens = new int[read.Blob(2).Length / sizeof(int)];
        for (var i = 0; i < tokens.Length; i++) tokens[i] = BinaryPrimitives.ReadInt32BigEndian(read.Blob(2)[(i * sizeof(int))..]);
        return new BatchLine(
            BatchLineId.Number(read.Int64(0)), ReadKeys(read.Blob(1)), tokens, new TokenUsage(read.Int64(3), read.Int64(4), read.Int64(5)))
        {
            Past = read.IsNull(6) ? default : read.Blob(6).ToArray(),
        };
    }

    private static RowKey[] ReadKeys(ReadOnlySpan<byte> keys)
    {
        var rows = new RowKey[keys.Length / RowKey.Size];
        for (var i = 0; i < rows.Length; i++) rows[i] = RowKey.Read(keys[(i * RowKey.Size)..]);
        return rows;
    }

    private static BatchRecord ReadBatch(Statement read, NameReader names, string job) => new()
    {
        Name = names.Name(read.Int64(0)),
        Job = job,
        Question = names.Name(read.Int64(1)),
        Route = names.Name(read.Int64(2)),
        Phase = BatchText.Phase(read.Text(3)) ?? throw read.Damaged($"a batch cannot be '{read.Text(3)}'"),
        Stage = (int)read.Int64(4),
        Lines = (int)read.Int64(5),
        Rows = (int)read.Int64(6),
        Bytes = read.Int64(7),
        Sha256 = read.Text(8)!,
        Reserved = new TokenUsage(read.Int64(9), read.Int64(10), read.Int64(11)),
        MaxUsd = read.Decimal(12),
        PreparedAt = StoreTime.Read(read.Int64(13)),
        SubmittedAt = read.Int64OrNull(14) is { } submitted ? StoreTime.Read(submitted) : null,
        EndedAt = read.Int64OrNull(15) is { } ended ? StoreTime.Read(ended) : null,
        UploadSession = read.Text(16),
        Upload = read.Text(17),
        ServiceId = read.Text(18),
        Told = BatchText.Told(read.Text(19)),
        Results = BatchText.Results(read.Text(20)),
        Note = read.Text(21),
        AskedRows = (int)read.Int64(22),
        GoodRows = (int)read.Int64(23),
    };
}
