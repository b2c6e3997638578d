namespace Rowmill.Core.Stores;

/// <summary>The store cannot be used: no space, no permission, damaged, of another program or a newer version, or locked for
/// too long. The message names the file and what to do; whatever had been stored before stays stored.</summary>
public sealed class StoreException(string message) : Exception(message)
{
    /// <summary>True when another process held the store locked: a later try may succeed.</summary>
    public bool Locked { get; init; }

    /// <summary>True when the path itself is wrong, such as a folder's or another program's file: another one must be named.</summary>
    public bool WrongPath { get; init; }
}
