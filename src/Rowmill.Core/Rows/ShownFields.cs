using System.Buffers.Binary;

namespace Rowmill.Core.Rows;

/// <summary>
/// Turns rows into what the model sees of them. A text cell becomes a JSON string, a JSON cell stays as it is, compact; a field the
/// row does not have is not shown. A field named <c>id</c> is shown as <c>id_</c>, because <c>id</c> joins the answers to the rows.
/// One instance serves one reader at a time.
/// </summary>
internal sealed class ShownFields(IReadOnlyList<string> fields)
{
    /// <summary>Lists of columns whose plan is kept.</summary>
    private const int MaxPlans = 1024;

    // The hash's key is part of every stored answer's address: it never changes. "rowmill ", "row key1".
    private const ulong RowKey0 = 0x206c6c696d776f72;
    private const ulong RowKey1 = 0x3179656b20776f72;

    // "rowmill ", "occurs 1".
    private const ulong OccurrenceKey1 = 0x312073727563636f;

    private readonly Dictionary<RowColumns, Plan> _plans = new(ReferenceEqualityComparer.Instance);
    private readonly ByteBuffer _buffer = new();
    private RowColumns? _lastColumns;
    private Plan _last;

    /// <summary>The name under which a field is shown, given every name beside it.</summary>
    public static string NameShown(string field, IReadOnlyList<string> beside)
    {
        if (field != "id") return field;
        var name = "id_";
        while (beside.Contains(name, StringComparer.Ordinal)) name += "_";
        return name;
    }

    /// <summary>The key of what is shown of a row.</summary>
    public static RowKey Key(ReadOnlySpan<byte> shown) => SipHash128.Hash(RowKey0, RowKey1, shown);

    /// <summary>The key of one of several equal rows that are to be asked apart. The first keeps its key, so its answers count
    /// whether or not equal rows are asked once.</summary>
    /// <param name="key">The key of what is shown.</param>
    /// <param name="occurrence">0 for the first row with this key in source order, 1 for the second, …</param>
    public static RowKey Key(RowKey key, long occurrence)
    {
        if (occurrence == 0) return key;
        Span<byte> both = stackalloc byte[RowKey.Size + sizeof(long)];
        key.Write(both);
        BinaryPrimitives.WriteInt64BigEndian(both[RowKey.Size..], occurrence);
        return SipHash128.Hash(RowKey0, OccurrenceKey1, both);
    }

    /// <summary>The row as the model sees it, in memory of its own.</summary>
    public ShownRow Show(Row row)
    {
        var shown = Format(row);
        return new ShownRow(shown.ToArray(), Key(shown));
    }

    /// <summary>The row as the model sees it, in a buffer that the next call overwrites. Allocates nothing once its columns are known.</summary>
    public ReadOnlySpan<byte> Format(Row row)
    {
        var plan = ReferenceEquals(row.Columns, _lastColumns) ? _last : FindPlan(row.Columns);
        var text = row.Columns.Format == CellFormat.Text;
        _buffer.Clear();
        for (var i = 0; i < plan.Columns.Length; i++)
        {
            // The first property has no comma before it.
            _buffer.Append(i == 0 ? plan.Labels[i].AsSpan(1) : plan.Labels[i]);
            var cell = row[plan.Columns[i]];
            if (text) CanonicalJson.AppendString(_buffer, cell);
            else CanonicalJson.AppendCompact(_buffer, cell);
        }

        return _buffer.Written;
    }

    private Plan FindPlan(RowColumns columns)
    {
        if (!_plans.TryGetValue(columns, out var plan))
        {
            if (_plans.Count == MaxPlans) _plans.Clear();
            _plans.Add(columns, plan = CreatePlan(columns));
        }

        (_lastColumns, _last) = (columns, plan);
        return plan;
    }

    private Plan CreatePlan(RowColumns columns)
    {
        var names = fields.Count > 0 ? fields : columns.Names;
        var positions = new List<int>(names.Count);
        var labels = new List<byte[]>(names.Count);
        var label = new ByteBuffer();
        foreach (var name in names)
        {
            var column = columns.IndexOf(name);
            if (column < 0) continue;
            label.Clear();
            label.Append((byte)',');
            CanonicalJson.AppendString(label, NameShown(name, names));
            label.Append((byte)':');
            positions.Add(column);
            labels.Add(label.Written.ToArray());
        }

        return new Plan([.. positions], [.. labels]);
    }

    /// <summary>Which columns are shown, and what stands before each: <c>,"name":</c>.</summary>
    private readonly record struct Plan(int[] Columns, byte[][] Labels);
}
