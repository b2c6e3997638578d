using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Ends the doubt of calls.</summary>
internal sealed class ClearCallsOp(Lease lease, IReadOnlyList<long> calls, ClearedBy by) : WriteOp
{
    public override Lease Lease => lease;

    public override void Execute(WriteSession session)
    {
        var clear = session.Statement("UPDATE calls SET in_doubt = ?2 WHERE id = ?1 AND in_doubt = 1");
        foreach (var id in calls) clear.Bind(1, id).Bind(2, StoredDoubt.Of(by)).Run();
    }
}
