namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Completes when every pack committed before it is indexed. Writes nothing itself.</summary>
internal sealed class CatchUpOp : WriteOp
{
    public override void Execute(WriteSession session) => throw new InvalidOperationException("catching up is the index's work");
}
