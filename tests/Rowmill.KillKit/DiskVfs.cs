using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rowmill.KillKit;

/// <summary>
/// SQLite's layer to the files with a witness in it: every write, cut, fsync and removal of a database's files goes into the journal
/// before it is done, so that afterwards anybody can tell what was on the disk for certain. The wrapped layer does the work as ever.
/// Layouts and meanings: https://www.sqlite.org/c3ref/vfs.html and https://www.sqlite.org/c3ref/io_methods.html.
/// </summary>
internal static unsafe class DiskVfs
{
    // SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL: files that outlive the process.
    private const int Lasting = 0x100 | 0x800 | 0x80000;

    private static readonly ConcurrentDictionary<nint, OpenFile> s_open = [];
    private static readonly ConcurrentDictionary<nint, nint> s_wrapped = [];
    private static DiskJournal s_journal = null!;
    private static Death s_death = null!;
    private static Vfs* s_real;

    /// <summary>Puts the witness in front of the default layer, before the first connection.</summary>
    /// <param name="library">The native library that the provider uses.</param>
    /// <param name="journal">Takes the records.</param>
    /// <param name="death">Is told of every operation as <c>file/kind</c>.</param>
    public static void Install(nint library, DiskJournal journal, Death death)
    {
        (s_journal, s_death) = (journal, death);
        s_real = ((delegate* unmanaged<byte*, Vfs*>)NativeLibrary.GetExport(library, "sqlite3_vfs_find"))(null);
        var own = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *own = *s_real;
        own->Next = null;
        own->Name = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference("rowmill-witness\0"u8));
        own->Open = &Open;
        own->Delete = &Delete;
        var register = (delegate* unmanaged<Vfs*, int, int>)NativeLibrary.GetExport(library, "sqlite3_vfs_register");
        if (register(own, 1) != 0) throw new InvalidOperationException("SQLite does not take the witness");
    }

    [UnmanagedCallersOnly]
    private static int Open(Vfs* vfs, byte* name, FileHead* file, int flags, int* outFlags)
    {
        var code = s_real->Open(s_real, name, file, flags, outFlags);
        if (code != 0 || name is null || (flags & Lasting) == 0 || file->Methods is null) return code;
        var path = Marshal.PtrToStringUTF8((nint)name)!;
        s_open[(nint)file] = new OpenFile(s_journal.FileOf(path), Path.GetFileName(path), (nint)file->Methods);
        file->Methods = (Methods*)s_wrapped.GetOrAdd((nint)file->Methods, Wrap);
        return code;
    }

    [UnmanagedCallersOnly]
    private static int Delete(Vfs* vfs, byte* name, int syncFolder)
    {
        var path = Marshal.PtrToStringUTF8((nint)name)!;
        s_journal.Add(DiskRecordKind.Delete, s_journal.FileOf(path), syncFolder == 0 ? 0 : 1);
        s_death.Meet($"{Path.GetFileName(path)}/{nameof(DiskRecordKind.Delete)}");
        return s_real->Delete(s_real, name, syncFolder);
    }

    [UnmanagedCallersOnly]
    private static int Close(FileHead* file)
    {
        s_open.TryRemove((nint)file, out var open);
        file->Methods = open!.Real;
        return open.Real->Close(file);
    }

    [UnmanagedCallersOnly]
    private static int Write(FileHead* file, byte* data, int length, long offset)
    {
        var open = s_open[(nint)file];
        s_journal.Add(DiskRecordKind.Write, open.Number, offset, new ReadOnlySpan<byte>(data, length));
        s_death.Meet(open.WriteMoment);
        return open.Real->Write(file, data, length, offset);
    }

    [UnmanagedCallersOnly]
    private static int Truncate(FileHead* file, long size)
    {
        var open = s_open[(nint)file];
        s_journal.Add(DiskRecordKind.Truncate, open.Number, size);
        return open.Real->Truncate(file, size);
    }

    [UnmanagedCallersOnly]
    private static int Sync(FileHead* file, int flags)
    {
        var open = s_open[(nint)file];
        var number = s_journal.SyncBegan(open.Number);
        s_death.Meet(open.SyncBeganMoment);
        var code = open.Real->Sync(file, flags);
        if (code != 0) return code;
        s_journal.Add(DiskRecordKind.SyncEnded, open.Number, number);
        s_death.Meet(open.SyncEndedMoment);
        return code;
    }

    private static nint Wrap(nint real)
    {
        var own = (Methods*)NativeMemory.AllocZeroed((nuint)sizeof(Methods));
        *own = *(Methods*)real;
        own->Close = &Close;
        own->Write = &Write;
        own->Truncate = &Truncate;
        own->Sync = &Sync;
        return (nint)own;
    }

    /// <summary>An open file of a database.</summary>
    private sealed class OpenFile(int number, string name, nint real)
    {
        public int Number => number;

        public Methods* Real => (Methods*)real;

        public string WriteMoment { get; } = $"{name}/{nameof(DiskRecordKind.Write)}";

        public string SyncBeganMoment { get; } = $"{name}/{nameof(DiskRecordKind.SyncBegan)}";

        public string SyncEndedMoment { get; } = $"{name}/{nameof(DiskRecordKind.SyncEnded)}";
    }

    /// <summary><c>sqlite3_file</c>: what follows is the layer's own.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileHead
    {
        public Methods* Methods;
    }

    /// <summary><c>sqlite3_vfs</c>, version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vfs
    {
        public int Version;
        public int FileSize;
        public int MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* AppData;
        public delegate* unmanaged<Vfs*, byte*, FileHead*, int, int*, int> Open;
        public delegate* unmanaged<Vfs*, byte*, int, int> Delete;
        public fixed long Others[14];
    }

    /// <summary><c>sqlite3_io_methods</c>, version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Methods
    {
        public int Version;
        public delegate* unmanaged<FileHead*, int> Close;
        public void* Read;
        public delegate* unmanaged<FileHead*, byte*, int, long, int> Write;
        public delegate* unmanaged<FileHead*, long, int> Truncate;
        public delegate* unmanaged<FileHead*, int, int> Sync;
        public fixed long Others[13];
    }
}
