using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>The column <c>in_doubt</c> of a call, -1 standing for a settled one.</summary>
internal static class StoredDoubt
{
    private const long Settled = -1;
    private const long None = 0;
    private const long InDoubt = 1;
    private const long ByOutcomes = 2;
    private const long ByJob = 3;

    public static long Of(ClearedBy by) => by == ClearedBy.Outcomes ? ByOutcomes : ByJob;

    public static (CallState State, ClearedBy? By) Read(long value) => value switch
    {
        Settled => (CallState.Settled, null),
        None => (CallState.Open, null),
        InDoubt => (CallState.InDoubt, null),
        ByOutcomes => (CallState.Cleared, ClearedBy.Outcomes),
        ByJob => (CallState.Cleared, ClearedBy.Job),
        _ => throw new InvalidOperationException($"a call cannot be in doubt {value}"),
    };
}
