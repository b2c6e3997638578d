using Rowmill.Core;

namespace Rowmill.Storage.Sqlite;

/// <summary>What tests and measurements turn; the defaults are what everybody uses.</summary>
internal sealed record SqliteStoreOptions
{
    /// <summary>Rows indexed in memory before they are merged into the file; two such tables exist at most (16 bytes a slot).</summary>
    public int MemtableRows { get; init; } = 64 * 1024;

    /// <summary>Rows merged or loaded into the index in one go, between two commits: bounds how long a commit may wait.</summary>
    public int SliceRows { get; init; } = 8 * 1024;

    /// <summary>Bytes of stored packs read ahead and kept per store.</summary>
    public int WindowBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Rows kept with them.</summary>
    public int WindowRows { get; init; } = 32 * 1024;

    /// <summary>How long a commit may stay off the disk; under a second, for the promise has a margin.</summary>
    public TimeSpan SyncEvery { get; init; } = TimeSpan.FromMilliseconds(750);

    /// <summary>How long another process may hold the file.</summary>
    public TimeSpan Busy { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pages written to the log before they are carried into the file.</summary>
    public int CheckpointPages { get; init; } = 2048;

    /// <summary>The most pages the file may have; null for no limit. Stands for a full disk.</summary>
    public int? MaxPages { get; init; }

    /// <summary>True alive, false dead, null when it cannot be known from here.</summary>
    public Func<LeaseOwner, bool?> IsAlive { get; init; } = owner => owner.IsAlive();
}
