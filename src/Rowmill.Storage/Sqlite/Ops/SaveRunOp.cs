using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite.Ops;

/// <summary>Stores a run, new or changed.</summary>
internal sealed class SaveRunOp(RunRecord run) : WriteOp
{
    private readonly ReadOnlyMemory<byte> _summary = run.Summary is { } summary ? JsonBytes.Of(summary) : default;

    public override void Execute(WriteSession session)
    {
        var save = session.Statement("run_save")
            .Bind(1, run.RunId).Bind(2, run.Job).Bind(3, run.Identity)
            .Bind(4, StoreTime.Of(run.StartedAt)).Bind(5, run.EndedAt is { } ended ? StoreTime.Of(ended) : null);
        (_summary.IsEmpty ? save.BindNull(6) : save.BindText(6, _summary.Span)).Run();
    }
}
