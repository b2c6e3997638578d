using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Limits;

/// <summary>Tells this process from all others, and whether another one on this machine still lives.</summary>
internal static class ProcessIdentity
{
    /// <summary>This process.</summary>
    public static LeaseOwner Current { get; } = new(Host(), Environment.ProcessId, StartOf(Environment.ProcessId) ?? "");

    /// <summary>Whether a process lives; null when it belongs to another machine, boot or container and cannot be seen from here.</summary>
    public static bool? IsAlive(LeaseOwner owner) =>
        owner.Host == Current.Host ? StartOf(owner.ProcessId) == owner.ProcessStarted : null;

    private static string Host() => OperatingSystem.IsLinux()
        ? $"{Environment.MachineName}/{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}/{new FileInfo("/proc/self/ns/pid").LinkTarget}"
        : Environment.MachineName;

    /// <summary>When a process started, in the machine's unit; null when there is none with that id.</summary>
    private static string? StartOf(int processId)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(processId);
                return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
            }

            // proc(5): after the name, which may hold anything, in brackets: state is the 1st field, starttime the 20th.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or Win32Exception or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
