using System.Buffers;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>A line of a batch as a call that has ended: the part that every write of one shares.</summary>
internal sealed class LineCall
{
    private readonly CallIntent _call;
    private readonly CallSettlement _settlement;
    private readonly BatchPlace _place;
    private readonly byte[] _keys;

    /// <exception cref="ArgumentException">It has no place, or no end.</exception>
    public LineCall(CallIntent call, CallSettlement? settlement)
    {
        _call = call;
        _place = call.Place ?? throw new ArgumentException("a call that is recorded was a line of a batch", nameof(call));
        _settlement = settlement ?? throw new ArgumentException($"line {_place.Line} of {_place.Batch} is stored with how it ended", nameof(settlement));
        _keys = PackLines.RentKeys(call.Rows);
    }

    /// <summary>Stores the call with how it ended, ends the line and keeps what is left of it.</summary>
    /// <returns>The call's number; null when the line is not open, and nothing is stored.</returns>
    public long? TryStore(WriteSession session)
    {
        var batch = session.Names.Id(_place.Batch);
        var end = session.Statement("batch_line_end").Bind(1, BatchLineId.Of(batch, _place.Line)).Bind(2, batch);
        if (!end.Step()) return null;
        var rows = end.Int64(0);
        end.Run();
        session.Statement("UPDATE batches SET open_lines = open_lines - 1, open_rows = open_rows - ?2 WHERE id = ?1").Bind(1, batch).Bind(2, rows).Run();
        if (!_place.Rest.IsEmpty) session.Statement("batch_rest_keep").Bind(1, batch).Bind(2, _place.Line).BindText(3, _place.Rest.Span).Run();

        var call = OpenCallOp.Insert(session, _call, _keys);
        SettleCallOp.TryExecute(session, _settlement with { CallId = call });
        return call;
    }

    /// <summary>To be called once, when it is not stored any more.</summary>
    public void Release() => ArrayPool<byte>.Shared.Return(_keys);
}
