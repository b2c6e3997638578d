using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores an event.</summary>
internal sealed class AppendEventOp(RunEvent e) : WriteOp
{
    private readonly ReadOnlyMemory<byte> _data = JsonBytes.Of(e.Data);

    public override void Execute(WriteSession session)
    {
        session.Statement("INSERT OR IGNORE INTO events (run, number, at, kind, data) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, session.Names.Id(e.RunId)).Bind(2, e.Number).Bind(3, StoreTime.Of(e.At)).Bind(4, e.Kind).BindText(5, _data.Span)
            .Run();
        if (session.Connection.Changes == 0) Refusal = new InvalidOperationException($"run {e.RunId} already has an event {e.Number}");
    }
}
