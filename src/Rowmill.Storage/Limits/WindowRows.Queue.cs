using Microsoft.Data.Sqlite;
using Rowmill.Core.Limits;

namespace Rowmill.Storage.Limits;

/// <content>The queues of batch jobs.</content>
internal sealed partial class WindowRows
{
    public KeptQueue QueueOf(long owner)
    {
        const string Batches = "select batch, tokens, until from queue where owner = $owner order by batch";
        const string Limit = "select quota, told, told_at from queue_limit where owner = $owner";
        var queue = First(Command(Limit, ("$owner", owner)), LimitIn) ?? KeptQueue.New;
        return queue with { Batches = Read(Command(Batches, ("$owner", owner)), r => new QueuedBatch(r.GetString(0), r.GetInt64(1), InstantIn(r, 2))) };
    }

    /// <summary>Writes what changed.</summary>
    public void Save(long owner, KeptQueue before, KeptQueue after)
    {
        foreach (var gone in before.Batches.Except(after.Batches))
            Run("delete from queue where owner = $owner and batch = $batch", ("$owner", owner), ("$batch", gone.Batch));
        foreach (var entered in after.Batches.Except(before.Batches))
        {
            Run("insert into queue (owner, batch, tokens, until) values ($owner, $batch, $tokens, $until)",
                ("$owner", owner), ("$batch", entered.Batch), ("$tokens", entered.Tokens), ("$until", entered.Until.UtcTicks));
        }

        if ((before.Job, before.Told, before.ToldAt) == (after.Job, after.Told, after.ToldAt)) return;
        Run("insert or replace into queue_limit (owner, quota, told, told_at) values ($owner, $quota, $told, $told_at)",
            ("$owner", owner), ("$quota", OrNull(after.Job)), ("$told", OrNull(after.Told)), ("$told_at", after.ToldAt.UtcTicks));
    }

    private static KeptQueue LimitIn(SqliteDataReader r) => new()
    {
        Job = r.IsDBNull(0) ? null : r.GetInt64(0),
        Told = r.IsDBNull(1) ? null : r.GetInt64(1),
        ToldAt = InstantIn(r, 2),
    };
}
