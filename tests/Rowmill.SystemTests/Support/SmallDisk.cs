using System.Diagnostics;
using System.Globalization;

namespace Rowmill.SystemTests.Support;

/// <summary>
/// A folder of a workshop on a disk of a few kilobytes: a file system of its own where this user may mount one, otherwise the largest
/// file that a process may write stands for it.
/// </summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Filler = "filler";

    private readonly Workshop _shop;
    private readonly int _kilobytes;
    private bool _limited;

    private SmallDisk(Workshop shop, string folder, int kilobytes)
    {
        (_shop, Folder, _kilobytes) = (shop, folder, kilobytes);
        IsReal = Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={kilobytes}k,mode=700"), "rowmill-test", folder);
        _limited = !IsReal;
    }

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>True for a file system of its own; otherwise any file of the program may be the one that is too large.</summary>
    public bool IsReal { get; }

    /// <summary>What stands for the disk, for the test's output.</summary>
    public string Means => IsReal ? "the disk: a tmpfs of its own" : "the disk: ulimit -f, no file system can be mounted here";

    public static SmallDisk Create(Workshop shop, string name, int kilobytes) =>
        new(shop, Directory.CreateDirectory(shop.PathOf(name)).FullName, kilobytes);

    /// <summary>The program, bound by the disk.</summary>
    public ProgramRun Start(params IReadOnlyList<string> arguments)
    {
        if (!_limited) return _shop.Start(arguments);
        // The runtime itself would use a larger file.
        _shop.Variables["DOTNET_EnableWriteXorExecute"] = "0";
        // Blocks of 512 bytes, as POSIX has it.
        return _shop.StartAfter(string.Create(CultureInfo.InvariantCulture, $"trap '' XFSZ; ulimit -f {_kilobytes * 2}; exec"), arguments);
    }

    /// <summary>Takes all the room that is left; does nothing where the limit binds from the beginning.</summary>
    public void Fill()
    {
        if (!IsReal) return;
        var chunk = new byte[4096];
        using var filler = new FileStream(Path.Combine(Folder, Filler), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            // Never more than the disk has, whatever it turns out to be.
            for (var written = 0; written <= _kilobytes; written += 4) filler.Write(chunk);
        }
        catch (IOException)
        {
            // That was all.
        }
    }

    /// <summary>Makes room.</summary>
    public void Grow()
    {
        _limited = false;
        if (!IsReal) return;
        File.Delete(Path.Combine(Folder, Filler));
        Remount("size=64m");
    }

    /// <summary>Nothing may be written any more, by nobody; false where no file system is mounted.</summary>
    public bool ReadOnly() => IsReal && Remount("ro");

    /// <summary>Everything may be written again.</summary>
    public void Writable() => Remount("rw");

    public void Dispose()
    {
        if (IsReal) Run("umount", "-l", Folder);
    }

    private bool Remount(string options) => Run("mount", "-o", $"remount,{options}", Folder);

    private static bool Run(string program, params IReadOnlyList<string> arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return false;
        }
    }
}
