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

        var open = session.Statement("calls_doubt").Bind(1, job).Bind(2, swept).Bind(3, run);
        var ids = new List<long>();
        var rows = new HashSet<RowKey>();
        var usd = 0m;
        while (open.Step())
        {
            ids.Add(open.Int64(0));
            usd += open.Decimal(1) ?? 0;
            for (var keys = open.Blob(2); keys.Length > 0; keys = keys[RowKey.Size..]) rows.Add(RowKey.Read(keys));
        }

        var mark = session.Statement("UPDATE calls SET in_doubt = 1 WHERE id = ?1");
        foreach (var id in ids) mark.Bind(1, id).Run();
        Doubt = new Doubt(ids.Count, rows.Count, usd);

        var end = session.Statement("calls_swept").Bind(1, job).Bind(2, swept).Bind(3, run);
        _ = end.Step();
        swept = end.Int64(0);
        end.Reset();
        session.Statement("UPDATE leases SET swept = ?2 WHERE job = ?1").Bind(1, lease.Job).Bind(2, swept).Run();
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
