using System.Diagnostics;
using System.Globalization;

namespace Rowmill.Core;

/// <summary>Who holds a lease.</summary>
/// <param name="Host">Machine and boot it runs on.</param>
/// <param name="ProcessId">Process id there.</param>
/// <param name="ProcessStarted">When that process started, in the machine's own unit: tells it from a later one with the same id.</param>
public sealed record LeaseOwner(string Host, int ProcessId, string ProcessStarted)
{
    private static readonly Lazy<LeaseOwner> s_current =
        new(() => new LeaseOwner(DescribeHost(), Environment.ProcessId, StartOf(Environment.ProcessId) ?? "0"));

    /// <summary>This process.</summary>
    public static LeaseOwner Current() => s_current.Value;

    /// <summary>Whether that process still runs: null when it runs on another machine, in another boot or container, so that
    /// it cannot be seen from here.</summary>
    public bool? IsAlive() => Host == Current().Host ? StartOf(ProcessId) == ProcessStarted : null;

    // Process ids mean something only within one boot and one pid namespace, so both are part of the host.
    private static string DescribeHost()
    {
        var boot = ReadFile("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";
        return $"{Environment.MachineName}/{boot}/{LinkTarget("/proc/self/ns/pid")}".TrimEnd('/');
    }

    private static string? StartOf(int processId)
    {
        if (!OperatingSystem.IsLinux()) return StartByProcessApi(processId);
        var stat = ReadFile($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");
        if (stat is null) return null;

        // The second field is the program's name in parentheses and may hold anything (proc_pid_stat(5));
        // after it come the state as field 3 and the start in clock ticks since boot as field 22.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : fields[19];
    }

    private static string? StartByProcessApi(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string? ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
