using System.Globalization;

namespace Rowmill.Simulator.Batches;

/// <summary>One file of an account.</summary>
/// <param name="Id">The provider's id.</param>
/// <param name="Key">Whose it is.</param>
/// <param name="Name">Its name, as it was sent.</param>
/// <param name="Kind">What it is for, or what it is, in the provider's words.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="ExpiresAt">From when on it is gone.</param>
/// <param name="IsGenerated">True for a result.</param>
internal sealed record StoredFile(
    string Id, string Key, string Name, string Kind, FileBody Body, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, bool IsGenerated = false);

/// <summary>All files, in a folder of its own that goes with the server. Safe for concurrent use.</summary>
internal sealed class FileRoom(TimeProvider clock) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<StoredFile> _files = [];
    private long _bodies, _ids;

    /// <summary>Where they are; null while there are none.</summary>
    public string? Folder { get; private set; }

    /// <summary>An empty body.</summary>
    public FileBody NewBody()
    {
        lock (_gate)
        {
            Folder ??= Directory.CreateTempSubdirectory("rowmill-simulator-").FullName;
            return new FileBody(Path.Combine(Folder, (_bodies++).ToString(CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>A number that no other file has.</summary>
    public string NewId() => Interlocked.Increment(ref _ids).ToString("x8", CultureInfo.InvariantCulture);

    public StoredFile Add(StoredFile file)
    {
        lock (_gate) _files.Add(file);
        return file;
    }

    /// <summary>A file of this account; null when it has none of this id, or has it no longer.</summary>
    public StoredFile? Find(string key, string id) => List(key).FirstOrDefault(f => f.Id == id);

    /// <summary>All of an account's files, oldest first.</summary>
    public IReadOnlyList<StoredFile> List(string key)
    {
        var now = clock.GetUtcNow();
        lock (_gate)
        {
            foreach (var gone in _files.Where(f => f.ExpiresAt <= now)) gone.Body.Dispose();
            _files.RemoveAll(f => f.ExpiresAt <= now);
            return [.. _files.Where(f => f.Key == key)];
        }
    }

    public void Remove(StoredFile file)
    {
        lock (_gate)
            if (_files.Remove(file)) file.Body.Dispose();
    }

    public void Reset()
    {
        lock (_gate)
        {
            foreach (var file in _files) file.Body.Dispose();
            _files.Clear();
        }
    }

    public void Dispose()
    {
        Reset();
        if (Folder is not null) Directory.Delete(Folder, recursive: true);
    }
}
