using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Rows;

/// <summary>
/// A node in the tree of property names seen so far: rows with equal names in equal order end at the same node and share its
/// columns. Following a row down the tree compares bytes and allocates nothing once its names are known.
/// </summary>
internal sealed class JsonlShape
{
    private readonly JsonlShape? _parent;
    private readonly byte[] _utf8Name;
    private readonly int _depth;
    private JsonlShape? _usual;
    private Dictionary<string, JsonlShape>? _children;
    private RowColumns? _columns;

    private JsonlShape(JsonlShape? parent, string name)
    {
        _parent = parent;
        Name = name;
        _utf8Name = Encoding.UTF8.GetBytes(name);
        if (parent is null) return;
        _depth = parent._depth + 1;
        Duplicate = parent.Duplicate;
        for (var above = parent; above._parent is not null && Duplicate is null; above = above._parent)
        {
            if (above.Name == name) Duplicate = name;
        }
    }

    /// <summary>The property this node adds.</summary>
    public string Name { get; }

    /// <summary>A name that appears twice on the way here; null when there is none.</summary>
    public string? Duplicate { get; }

    /// <summary>The columns of rows that end here; there must be no <see cref="Duplicate"/>.</summary>
    public RowColumns Columns
    {
        get
        {
            if (_columns is not null) return _columns;
            var names = new string[_depth];
            for (var node = this; node._parent is not null; node = node._parent) names[node._depth - 1] = node.Name;
            return _columns = new RowColumns(names, CellFormat.Json);
        }
    }

    /// <summary>An empty tree.</summary>
    public static JsonlShape CreateRoot() => new(null, "");

    /// <summary>Follows the property the reader stands on.</summary>
    /// <param name="reader">Stands on a property name.</param>
    /// <param name="created">The node when it is new, otherwise null.</param>
    /// <exception cref="InvalidOperationException">The name is not Unicode text (a lone surrogate).</exception>
    public JsonlShape Follow(ref Utf8JsonReader reader, out JsonlShape? created)
    {
        created = null;
        if (_usual is not null && !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual(_usual._utf8Name)) return _usual;
        var name = reader.ValueIsEscaped ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
        _children ??= new Dictionary<string, JsonlShape>(StringComparer.Ordinal);
        if (!_children.TryGetValue(name, out var child)) _children.Add(name, created = child = new JsonlShape(this, name));
        return _usual = child;
    }
}
