using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores a line of a batch that brought no outcome.</summary>
internal sealed class RecordCallOp(CallIntent call, CallSettlement settlement) : WriteOp
{
    private readonly LineCall _line = new(call, settlement);

    public override Lease Lease => call.Lease;

    public override void Execute(WriteSession session) => _line.TryStore(session);

    protected override void Release() => _line.Release();
}
