using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Writes one JSON object a line: the properties of the source row, then status, error and the answer as an object.</summary>
internal sealed class JsonlRowSink : IRowSink
{
    private readonly IReadOnlyList<string> _added;
    private readonly bool _receipt;
    private readonly bool _simulated;
    private readonly ByteBuffer _buffer;
    private readonly ByteBuffer _text = new();
    private readonly OutputFile _file;
    private byte[][] _labels = [];
    private RowColumns? _lastColumns;

    public JsonlRowSink(OutputOptions options, bool simulated)
    {
        _added = [.. OutputColumns.Added(options, [], simulated).Select(c => c.Name)];
        _receipt = options.Receipt;
        _simulated = simulated;
        _file = OutputFile.Create(options.Path);
        _buffer = _file.Buffer;
    }

    public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
    {
        if (!ReferenceEquals(row.Columns, _lastColumns)) LearnColumns(row.Columns);
        var count = row.Columns.Names.Count;
        var text = row.Columns.Format == CellFormat.Text;
        for (var i = 0; i < count; i++)
        {
            _buffer.Append(_labels[i]);
            if (text) CanonicalJson.AppendString(_buffer, row[i]);
            else _buffer.Append(row[i]);
        }

        _buffer.Append(_labels[count]);
        _buffer.Append((byte)'"');
        _buffer.Append(OutputColumns.Word(verdict.Status));
        _buffer.Append((byte)'"');
        _buffer.Append(_labels[count + 1]);
        if (verdict.Error is null) _buffer.Append("null"u8);
        else CanonicalJson.AppendString(_buffer, verdict.Error);
        _buffer.Append(_labels[count + 2]);
        if (verdict.Status == RowStatus.Answered) _buffer.Append(verdict.Answer.Span);
        else _buffer.Append("null"u8);
        if (_receipt)
        {
            _buffer.Append(_labels[count + 3]);
            ReceiptCells.AppendJson(_buffer, verdict.Receipt, _text);
        }

        if (_simulated)
        {
            _buffer.Append(_labels[^2]);
            _buffer.Append("true"u8);
        }

        _buffer.Append(_labels[^1]);
        _file.EndLine();
        return ValueTask.CompletedTask;
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        _file.Complete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Prepares what stands before each value, and what ends the line.</summary>
    private void LearnColumns(RowColumns columns)
    {
        var label = new ByteBuffer();
        var labels = new List<byte[]>();
        foreach (var name in columns.Names.Concat(_added))
        {
            label.Append(labels.Count == 0 ? (byte)'{' : (byte)',');
            CanonicalJson.AppendString(label, name);
            label.Append((byte)':');
            Take();
        }

        label.Append("}\n"u8);
        Take();
        (_labels, _lastColumns) = ([.. labels], columns);

        void Take()
        {
            labels.Add(label.Written.ToArray());
            label.Clear();
        }
    }
}
