using System.Buffers;
using System.Buffers.Binary;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores lines of a batch whose record follows.</summary>
internal sealed class AddLinesOp(Lease lease, string batch, IReadOnlyList<BatchLine> lines) : WriteOp
{
    public override Lease Lease => lease;

    public override void Execute(WriteSession session)
    {
        if (lines.Count == 0) return;
        var id = session.Names.Id(batch);
        if (IsSaved(session, id))
        {
            Refusal = new InvalidOperationException($"batch {batch} is stored already and takes no more lines");
            return;
        }

        if (lines[0].Number == 1) Begin(session, id);
        foreach (var line in lines) Add(session, id, line);
    }

    private static bool IsSaved(WriteSession session, long id)
    {
        var read = session.Statement("SELECT 1 FROM batches WHERE id = ?1 AND saved IS NOT NULL").Bind(1, id);
        if (!read.Step()) return false;
        read.Reset();
        return true;
    }

    /// <summary>Takes out what was added under this name before, and what dead runs of the job added and never saved.</summary>
    private void Begin(WriteSession session, long id)
    {
        var job = session.Names.Id(lease.Job);
        var left = session.Statement("batch_left").Bind(1, job).Bind(2, lease.Token);
        var gone = new List<long> { id };
        while (left.Step()) gone.Add(left.Int64(0));
        foreach (var old in gone)
        {
            CloseBatchOp.DeleteLines(session, old);
            session.Statement("DELETE FROM batches WHERE id = ?1").Bind(1, old).Run();
        }

        session.Statement("batch_begin").Bind(1, id).Bind(2, job).Bind(3, lease.Token).Run();
    }

    private static void Add(WriteSession session, long batch, BatchLine line)
    {
        var keys = PackLines.RentKeys(line.Rows);
        var tokens = ArrayPool<byte>.Shared.Rent(line.Tokens.Count * sizeof(int));
        for (var i = 0; i < line.Tokens.Count; i++) BinaryPrimitives.WriteInt32BigEndian(tokens.AsSpan(i * sizeof(int)), line.Tokens[i]);
        var add = session.Statement("batch_line_add")
            .Bind(1, BatchLineId.Of(batch, line.Number)).Bind(2, line.Rows.Count)
            .Bind(3, line.Reserved.Input).Bind(4, line.Reserved.CachedInput).Bind(5, line.Reserved.Output)
            .BindBlob(6, keys.AsSpan(0, line.Rows.Count * RowKey.Size)).BindBlob(7, tokens.AsSpan(0, line.Tokens.Count * sizeof(int)));
        (line.Past.IsEmpty ? add.BindNull(8) : add.BindText(8, line.Past.Span)).Run();
        ArrayPool<byte>.Shared.Return(keys);
        ArrayPool<byte>.Shared.Return(tokens);
    }
}

/// <summary>Stores a batch's record, new or changed.</summary>
internal sealed class SaveBatchOp(Lease lease, BatchRecord batch) : WriteOp
{
    public override Lease Lease => lease;

    /// <summary>The batch is sent next: were its record lost to a power cut, nobody would look for it at the service.</summary>
    public override bool IsSynchronous => true;

    public override void Execute(WriteSession session)
    {
        var id = session.Names.Id(batch.Name);
        session.Statement("batch_save")
            .Bind(1, id).Bind(2, session.Names.Id(batch.Job)).Bind(3, lease.Token)
            .Bind(4, session.Names.Id(batch.Question)).Bind(5, session.Names.Id(batch.Route)).Bind(6, BatchText.Of(batch.Phase))
            .Bind(7, batch.Stage).Bind(8, batch.Lines).Bind(9, batch.Rows).Bind(10, batch.Bytes).Bind(11, batch.Sha256)
            .Bind(12, batch.Reserved.Input).Bind(13, batch.Reserved.CachedInput).Bind(14, batch.Reserved.Output)
            .Bind(15, batch.MaxUsd).Bind(16, StoreTime.Of(batch.PreparedAt)).Bind(17, TimeOf(batch.SubmittedAt)).Bind(18, TimeOf(batch.EndedAt))
            .Bind(19, batch.UploadSession).Bind(20, batch.Upload).Bind(21, batch.ServiceId)
            .Bind(22, BatchText.Of(batch.Told)).Bind(23, BatchText.Of(batch.Results)).Bind(24, batch.Note).Bind(25, batch.AskedRows).Bind(26, batch.GoodRows)
            .Run();
        var (first, last) = BatchLineId.Range(id);
        session.Statement("batch_saved_first").Bind(1, id).Bind(2, first).Bind(3, last).Run();
        if (batch.Phase is BatchPhase.Dropped or BatchPhase.Ended) CloseBatchOp.Close(session, id);
    }

    private static long? TimeOf(DateTimeOffset? at) => at is { } time ? StoreTime.Of(time) : null;
}

/// <summary>Ends all open lines of a batch; its result is their number.</summary>
internal sealed class CloseBatchOp(Lease lease, string batch) : WriteOp
{
    public override Lease Lease => lease;

    public override void Execute(WriteSession session) => Result = Close(session, session.Names.Id(batch));

    /// <summary>Ends the open lines, if the batch was saved.</summary>
    /// <returns>How many there were.</returns>
    public static long Close(WriteSession session, long id)
    {
        var read = session.Statement("SELECT open_lines FROM batches WHERE id = ?1 AND saved IS NOT NULL").Bind(1, id);
        if (!read.Step()) return 0;
        var lines = read.Int64(0);
        read.Reset();
        if (lines == 0) return 0;
        DeleteLines(session, id);
        session.Statement("UPDATE batches SET open_lines = 0, open_rows = 0 WHERE id = ?1").Bind(1, id).Run();
        return lines;
    }

    /// <summary>Takes the lines out, whatever their batch.</summary>
    public static void DeleteLines(WriteSession session, long id)
    {
        var (first, last) = BatchLineId.Range(id);
        session.Statement("DELETE FROM batch_lines WHERE id BETWEEN ?1 AND ?2").Bind(1, first).Bind(2, last).Run();
    }
}

/// <summary>Forgets what was left of lines.</summary>
internal sealed class ForgetRestsOp(Lease lease, IReadOnlyList<BatchRest> rests) : WriteOp
{
    public override Lease Lease => lease;

    public override void Execute(WriteSession session)
    {
        var forget = session.Statement("DELETE FROM batch_rests WHERE batch = ?1 AND line = ?2");
        foreach (var rest in rests) forget.Bind(1, session.Names.Id(rest.Batch)).Bind(2, rest.Line).Run();
    }
}
