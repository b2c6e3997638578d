using System.Runtime.InteropServices;

namespace Rowmill.Tests.Support;

/// <summary>
/// Lets the calling thread touch files as a user whom permissions bind, even when the tests run as root: setfsuid(2), which counts for
/// one thread and only for the file system. Between creation and disposal nothing may be awaited that really waits.
/// </summary>
internal sealed partial class Nobody : IDisposable
{
    private const uint NobodyId = 65534;
    private readonly bool _changed;

    public Nobody()
    {
        _changed = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;
        if (_changed) _ = SetFileSystemUser(NobodyId);
    }

    public void Dispose()
    {
        if (_changed) _ = SetFileSystemUser(0);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint id);
}
