using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Rowmill.Storage;

/// <summary>Loads SQLite once: the system's library where there is one (it is newer), the bundled one otherwise.</summary>
internal static class SqliteLibrary
{
    private static readonly Lazy<bool> s_loaded = new(Load);

    /// <summary>Must be called before the first connection; cheap afterwards.</summary>
    public static void EnsureLoaded() => _ = s_loaded.Value;

    /// <summary>The library's handle, for those who look beneath the provider.</summary>
    internal static nint Handle()
    {
        EnsureLoaded();
        var system = Resolve("e_sqlite3", typeof(SQLite3Provider_e_sqlite3).Assembly, null);
        return system != 0 ? system : NativeLibrary.Load("e_sqlite3", typeof(SQLite3Provider_e_sqlite3).Assembly, null);
    }

    private static bool Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        Batteries_V2.Init();
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var library) ? library : 0;
}
