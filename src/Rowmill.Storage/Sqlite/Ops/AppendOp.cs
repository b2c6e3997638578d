using System.Buffers;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores the outcomes of one call. They are encoded on the caller's thread.</summary>
internal sealed class AppendOp : WriteOp
{
    private readonly OutcomePack _pack;
    private readonly byte[] _keys;
    private readonly byte[] _lines;
    private readonly int _length;
    private readonly int _good;
    private long _question;

    public AppendOp(OutcomePack pack)
    {
        _pack = pack;
        (_keys, _lines, _length, _good) = PackLines.Rent(pack);
    }

    public override Lease Lease => _pack.Lease;

    private ReadOnlySpan<byte> Keys => _keys.AsSpan(0, _pack.Rows.Count * RowKey.Size);

    public override void Execute(WriteSession session)
    {
        var job = session.Names.Id(_pack.Job);
        var route = session.Names.Id(_pack.Route);
        _question = session.Names.Id(_pack.Question);
        session.Statement("pack_append")
            .Bind(1, job).Bind(2, _question).Bind(3, route).Bind(4, session.Names.Id(_pack.RunId))
            .Bind(5, _pack.CallId).Bind(6, StoreTime.Of(_pack.At)).Bind(7, (int)_pack.Supersedes).Bind(8, _pack.Rows.Count)
            .BindBlob(9, Keys).BindText(10, _lines.AsSpan(0, _length))
            .Run();
        Result = session.Connection.LastInsertId;
        if (_pack.Settlement is { } settlement && !SettleCallOp.TryExecute(session, settlement)) Refusal = SettleCallOp.NoSuchCall(settlement);
        session.Count(_question, route, job, new PackTotals(1, _pack.Rows.Count, _good, _pack.Supersedes == Supersedes.Nothing ? 0 : 1));
    }

    public override void Committed(WriteSession session) => session.Index.Added(Result, _question, Keys);

    protected override void Release()
    {
        ArrayPool<byte>.Shared.Return(_keys);
        ArrayPool<byte>.Shared.Return(_lines);
    }
}
