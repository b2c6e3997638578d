using System.Runtime.InteropServices;

namespace Rowmill.Tests.Support;

/// <summary>
/// Touches files as a user whom permissions bind, even when the tests run as root: setfsuid(2), which counts for one thread and
/// only for the file system. The thread ends with the work, so nothing else ever runs as nobody.
/// </summary>
internal static partial class Nobody
{
    private const uint NobodyId = 65534;

    /// <summary>Does the work on a thread of its own; what it opens before it first really waits is opened as nobody.</summary>
    public static Task RunAsync(Func<Task> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess) _ = SetFileSystemUser(NobodyId);
            try
            {
                work().GetAwaiter().GetResult();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        thread.Start();
        return done.Task;
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint id);
}
