using System.Buffers;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores an intent; its result is the call's number.</summary>
internal sealed class OpenCallOp(CallIntent intent) : WriteOp
{
    private readonly byte[] _keys = PackLines.RentKeys(intent.Rows);

    public override Lease Lease => intent.Lease;

    /// <summary>The call leaves next: were its intent lost to a power cut, nobody would know that it may have been paid for.</summary>
    public override bool IsSynchronous => true;

    public override void Execute(WriteSession session) => Result = Insert(session, intent, _keys);

    /// <summary>Writes a call.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="intent">The call.</param>
    /// <param name="keys">The keys of its rows, one after another; may be longer.</param>
    /// <returns>Its number.</returns>
    public static long Insert(WriteSession session, CallIntent intent, byte[] keys)
    {
        long? batch = intent.Place is { } place ? session.Names.Id(place.Batch) : null;
        session.Statement("call_open")
            .Bind(1, session.Names.Id(intent.Job)).Bind(2, session.Names.Id(intent.RunId)).Bind(3, intent.Lease.Token)
            .Bind(4, session.Names.Id(intent.Question)).Bind(5, session.Names.Id(intent.Route)).Bind(6, StoreTime.Of(intent.At))
            .Bind(7, intent.Reserved.Input).Bind(8, intent.Reserved.CachedInput).Bind(9, intent.Reserved.Output)
            .Bind(10, intent.MaxUsd).Bind(11, intent.Rows.Count).BindBlob(12, keys.AsSpan(0, intent.Rows.Count * RowKey.Size))
            .Bind(13, batch).Bind(14, intent.Place?.Line)
            .Run();
        return session.LastCall = session.Connection.LastInsertId;
    }

    protected override void Release() => ArrayPool<byte>.Shared.Return(_keys);
}
