using System.Buffers;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores the outcomes of one call. They are encoded on the caller's thread.</summary>
internal sealed class AppendOp : WriteOp
{
    private readonly OutcomePack _pack;
    private readonly LineCall? _line;
    private readonly byte[] _keys;
    private readonly byte[] _lines;
    private readonly int _length;
    private readonly int _good;
    private long _question;

    public AppendOp(OutcomePack pack)
    {
        _pack = pack;
        if (pack.Call is { } call) _line = new LineCall(call, pack.Settlement);
        (_keys, _lines, _length, _good) = PackLines.Rent(pack);
        if (_line is null) PackLines.Seal(pack, pack.CallId, _keys, _lines, _length);
    }

    public override Lease Lease => _pack.Lease;

    private ReadOnlySpan<byte> Keys => _keys.AsSpan(0, _pack.Rows.Count * RowKey.Size);

    public override void Execute(WriteSession session)
    {
        var number = _pack.CallId;
        Result = 0;
        if (_line is not null)
        {
            if (_line.TryStore(session) is not { } given) return;
            number = given;
            PackLines.Seal(_pack, number, _keys, _lines, _length);
        }
        else if (_pack.Settlement is { } settlement && !SettleCallOp.TryExecute(session, settlement))
        {
            Refusal = SettleCallOp.NoSuchCall(settlement);
            return;
        }

        var job = session.Names.Id(_pack.Job);
        var route = session.Names.Id(_pack.Route);
        _question = session.Names.Id(_pack.Question);
        session.Statement("pack_append")
            .Bind(1, job).Bind(2, _question).Bind(3, route).Bind(4, session.Names.Id(_pack.RunId))
            .Bind(5, number).Bind(6, StoreTime.Of(_pack.At)).Bind(7, (int)_pack.Supersedes).Bind(8, _pack.Rows.Count)
            .BindBlob(9, Keys).BindText(10, _lines.AsSpan(0, _length + PackSum.Length))
            .Run();
        Result = session.Connection.LastInsertId;
        session.Count(_question, route, job, new PackTotals(1, _pack.Rows.Count, _good, _pack.Supersedes == Supersedes.Nothing ? 0 : 1));
    }

    public override void Committed(WriteSession session)
    {
        if (Result != 0) session.Index.Added(Result, _question, Keys);
    }

    protected override void Release()
    {
        _line?.Release();
        ArrayPool<byte>.Shared.Return(_keys);
        ArrayPool<byte>.Shared.Return(_lines);
    }
}
