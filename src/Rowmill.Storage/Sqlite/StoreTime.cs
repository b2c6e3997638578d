namespace Rowmill.Storage.Sqlite;

/// <summary>Times as the file keeps them: 100 ns units since 1970 UTC.</summary>
internal static class StoreTime
{
    public static long Of(DateTimeOffset at) => at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    public static DateTimeOffset Read(long value) => new(value + DateTimeOffset.UnixEpoch.Ticks, TimeSpan.Zero);
}
