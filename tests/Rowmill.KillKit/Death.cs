using System.Runtime.InteropServices;
using System.Text;

namespace Rowmill.KillKit;

/// <summary>Kills the process as <c>kill -9</c> does, at a moment told beforehand.</summary>
internal sealed partial class Death(KillMoment? moment, DiskJournal journal)
{
    private const int KillSignal = 9; // SIGKILL, POSIX

    private int _left = moment?.Count ?? 0;

    /// <summary>A moment of the run is passed; it is written down first.</summary>
    public void Passed(string what)
    {
        journal.Add(DiskRecordKind.Passed, bytes: Encoding.UTF8.GetBytes(what));
        Meet(what);
    }

    /// <summary>A moment comes that is not worth a record.</summary>
    public void Meet(string what)
    {
        if (moment is null || moment.What != what || Interlocked.Decrement(ref _left) != 0) return;
        if (moment.Microseconds == 0) Now();
        new Thread(Later) { IsBackground = true, Priority = ThreadPriority.Highest }.Start();
    }

    private void Later()
    {
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began).TotalMicroseconds < moment!.Microseconds) Thread.SpinWait(20);
        Now();
    }

    private static void Now()
    {
        _ = Kill(Environment.ProcessId, KillSignal);
        throw new InvalidOperationException("the process outlived its kill");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
