using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Rowmill.Storage;

/// <summary>Loads SQLite once: the system's library where there is one (it is newer), the bundled one otherwise.</summary>
internal static class SqliteLibrary
{
    private const string Bundled = "e_sqlite3";
    private const string OfTheSystem = "libsqlite3.so.0";

    private static readonly Lazy<bool> s_loaded = new(Load);

    /// <summary>Must be called before the first connection; cheap afterwards.</summary>
    public static void EnsureLoaded() => _ = s_loaded.Value;

    /// <summary>The library's handle, for those who look beneath the provider.</summary>
    internal static nint Handle()
    {
        EnsureLoaded();
        var system = Resolve(Bundled, typeof(SQLite3Provider_e_sqlite3).Assembly, null);
        return system != 0 ? system : NativeLibrary.Load(Bundled, typeof(SQLite3Provider_e_sqlite3).Assembly, null);
    }

    private static bool Load()
    {
        // Each function is bound when it is first called. Where the process that we are a guest of has used the bundled library before us, the rest must
        // be bound to it too: two versions of SQLite must never see each other's connections.
        if (!IsLoaded("libe_sqlite3.so"))
        {
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
            }
            catch (InvalidOperationException)
            {
                // Our host has chosen a library of its own.
            }
        }

        Batteries_V2.Init();
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Bundled && NativeLibrary.TryLoad(OfTheSystem, out var library) ? library : 0;

    /// <summary>Whether this process has loaded a library. Only Linux has the other one to choose, and it tells.</summary>
    private static bool IsLoaded(string file) =>
        OperatingSystem.IsLinux() && File.Exists("/proc/self/maps") && File.ReadLines("/proc/self/maps").Any(line => line.Contains($"/{file}", StringComparison.Ordinal));
}
