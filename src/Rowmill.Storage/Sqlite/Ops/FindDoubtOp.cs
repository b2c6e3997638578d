using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Marks what earlier runs of the job left open as in doubt.</summary>
internal sealed class FindDoubtOp(Lease lease) : WriteOp
{
    public override Lease Lease => lease;

    public Doubt Doubt { get; private set; } = new(0, 0, 0);

    public override void Execute(WriteSession session)
    {
        var job = session.Names.Id(lease.Job);
        var run = session.Names.Id(lease.RunId);
        var swept = Swept(session);

        var open = session.Statement("calls_open").Bind(1, job).Bind(2, swept).Bind(3, run);
        var ids = new List<long>();
        while (open.Step()) ids.Add(open.Int64(0));
        var mark = session.Statement("UPDATE calls SET in_doubt = 1 WHERE id = ?1");
        foreach (var id in ids) mark.Bind(1, id).Run();
        Doubt = Sum(session, job);

        var end = session.Statement("calls_swept").Bind(1, job).Bind(2, swept).Bind(3, run);
        _ = end.Step();
        swept = end.Int64(0);
        end.Reset();
        session.Statement("UPDATE leases SET swept = ?2 WHERE job = ?1").Bind(1, lease.Job).Bind(2, swept).Run();
    }

    /// <summary>What is in doubt now, found before or not.</summary>
    private static Doubt Sum(WriteSession session, long job)
    {
        var doubted = session.Statement("calls_doubt").Bind(1, job);
        var rows = new HashSet<RowKey>();
        var (calls, usd) = (0L, 0m);
        while (doubted.Step())
        {
            calls++;
            usd += doubted.Decimal(0) ?? 0;
            for (var keys = doubted.Blob(1); keys.Length > 0; keys = keys[RowKey.Size..]) rows.Add(RowKey.Read(keys));
        }

        return new Doubt(calls, rows.Count, usd);
    }

    private long Swept(WriteSession session)
    {
        var read = session.Statement("SELECT swept FROM leases WHERE job = ?1").Bind(1, lease.Job);
        if (!read.Step()) return 0;
        var swept = read.Int64(0);
        read.Reset();
        return swept;
    }
}
