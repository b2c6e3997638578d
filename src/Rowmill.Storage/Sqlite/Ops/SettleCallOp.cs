using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores how a call ended.</summary>
internal sealed class SettleCallOp(CallSettlement settlement) : WriteOp
{
    /// <summary>What to say to a settlement of a call that was never opened.</summary>
    public static InvalidOperationException NoSuchCall(CallSettlement settlement) => new($"there is no call {settlement.CallId}");

    /// <summary>Stores how a call ended; false when there is no such call.</summary>
    public static bool TryExecute(WriteSession session, CallSettlement settlement)
    {
        if (!Exists(session, settlement)) return false;
        session.Statement("call_settle")
            .Bind(1, settlement.CallId).Bind(2, StoreTime.Of(settlement.At)).Bind(3, FailureNames.Of(settlement.Failure))
            .Bind(4, settlement.HttpStatus).Bind(5, settlement.GoodRows)
            .Bind(6, settlement.Usage.Input).Bind(7, settlement.Usage.CachedInput).Bind(8, settlement.Usage.Output)
            .Bind(9, settlement.Usd).Bind(10, settlement.Latency.Ticks)
            .Bind(11, settlement.RequestId).Bind(12, settlement.Note).Bind(13, settlement.Evidence)
            .Bind(14, MendedText.Of(settlement.Counts))
            .Run();
        return true;
    }

    public override void Execute(WriteSession session)
    {
        if (!TryExecute(session, settlement)) Refusal = NoSuchCall(settlement);
    }

    // Numbers rise without gaps, so the largest known one vouches for all below it.
    private static bool Exists(WriteSession session, CallSettlement settlement)
    {
        if (settlement.CallId < 1) return false;
        if (settlement.CallId <= session.LastCall) return true;
        var last = session.Statement("SELECT coalesce(max(id), 0) FROM calls");
        _ = last.Step();
        session.LastCall = last.Int64(0);
        last.Reset();
        return settlement.CallId <= session.LastCall;
    }
}
