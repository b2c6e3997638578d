using System.Collections.Concurrent;

namespace Rowmill.Storage.Sqlite;

/// <summary>Names and their small ids, as committed to the file; shared by the writer and the readers of a store.</summary>
internal sealed class NameTable
{
    private readonly ConcurrentDictionary<string, long> _ids = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, string> _names = new();

    public bool TryGetId(string name, out long id) => _ids.TryGetValue(name, out id);

    public bool TryGetName(long id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? name) => _names.TryGetValue(id, out name);

    public void Add(long id, string name)
    {
        _ids[name] = id;
        _names[id] = name;
    }
}

/// <summary>Looks names up over one connection.</summary>
internal sealed class NameReader(Connection connection, NameTable known)
{
    private readonly Statement _byName = connection.Prepare("SELECT id FROM names WHERE name = ?1");
    private readonly Statement _byId = connection.Prepare("SELECT name FROM names WHERE id = ?1");

    /// <summary>The id of a name, or null when nothing was stored under it.</summary>
    public long? Id(string name)
    {
        if (known.TryGetId(name, out var id)) return id;
        if (!_byName.Bind(1, name).Step()) return null;
        id = _byName.Int64(0);
        _byName.Reset();
        known.Add(id, name);
        return id;
    }

    /// <summary>The name of an id that stands in the file.</summary>
    public string Name(long id)
    {
        if (known.TryGetName(id, out var name)) return name;
        if (!_byId.Bind(1, id).Step()) throw SqliteErrors.Damaged(connection.Path, $"it lacks the name {id}");
        name = _byId.Text(0)!;
        _byId.Reset();
        known.Add(id, name);
        return name;
    }
}

/// <summary>Gives names their ids within the writer's transactions; what a transaction added is known to others only after its commit.</summary>
internal sealed class NameWriter(Connection connection, NameTable known)
{
    private readonly Statement _find = connection.Prepare("SELECT id FROM names WHERE name = ?1");
    private readonly Statement _insert = connection.Prepare("INSERT INTO names (name) VALUES (?1)");
    private readonly Dictionary<string, long> _pending = new(StringComparer.Ordinal);

    public long Id(string name)
    {
        if (known.TryGetId(name, out var id) || _pending.TryGetValue(name, out id)) return id;
        if (_find.Bind(1, name).Step())
        {
            id = _find.Int64(0);
            _find.Reset();
        }
        else
        {
            _insert.Bind(1, name).Run();
            id = connection.LastInsertId;
        }

        _pending.Add(name, id);
        return id;
    }

    public void Committed()
    {
        if (_pending.Count == 0) return;
        foreach (var (name, id) in _pending) known.Add(id, name);
        _pending.Clear();
    }

    public void RolledBack() => _pending.Clear();
}
