namespace Rowmill.Storage.Sqlite;

/// <summary>The id of a line: its batch's and its number in one, so that a batch's lines lie side by side in their order.</summary>
internal static class BatchLineId
{
    private const int NumberBits = 32;

    public static long Of(long batch, int number) => (batch << NumberBits) | (uint)number;

    /// <summary>The number within the batch.</summary>
    public static int Number(long id) => (int)(id & uint.MaxValue);

    /// <summary>The ids that lines of a batch can have.</summary>
    public static (long First, long Last) Range(long batch) => (Of(batch, 0), Of(batch, int.MaxValue));
}
