using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Writes CSV as RFC 4180 has it. Values are data: none is changed, whatever a spreadsheet would make of it.</summary>
internal sealed class CsvRowSink : IRowSink
{
    private readonly RowColumns _columns;
    private readonly int[] _spread;
    private readonly bool _receipt;
    private readonly bool _simulated;
    private readonly AnswerCells _answer;
    private readonly CsvText _csv;
    private readonly ByteBuffer _buffer;
    private readonly ByteBuffer _text = new();
    private readonly int[] _positions;
    private readonly OutputFile _file;
    private RowColumns? _lastColumns;

    public CsvRowSink(
        OutputOptions options, RowColumns columns, IReadOnlyList<string> answerProperties, char delimiter, string newLine, bool simulated)
    {
        _columns = columns;
        _spread = [.. answerProperties.Select(p => options.Spread.GetValueOrDefault(p))];
        _receipt = options.Receipt;
        _simulated = simulated;
        _answer = new AnswerCells(answerProperties);
        _csv = new CsvText(delimiter, newLine);
        _positions = new int[columns.Names.Count];
        _file = OutputFile.Create(options.Path);
        _buffer = _file.Buffer;
        if (options.Bom) _buffer.Append("\uFEFF"u8);
        foreach (var name in columns.Names.Concat(OutputColumns.Added(options, answerProperties, simulated).Select(c => c.Name))) AppendText(name);
        _csv.EndLine(_buffer);
    }

    public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
    {
        AppendSource(row);
        _csv.AppendCell(_buffer, OutputColumns.Word(verdict.Status));
        AppendText(verdict.Error);
        AppendAnswer(verdict.Status == RowStatus.Answered ? verdict.Answer.Span : default);
        if (_receipt) AppendReceipt(verdict.Receipt);
        if (_simulated) _csv.AppendCell(_buffer, "true"u8);
        _csv.EndLine(_buffer);
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

    private void AppendSource(Row row)
    {
        if (!ReferenceEquals(row.Columns, _lastColumns))
        {
            for (var i = 0; i < _positions.Length; i++) _positions[i] = row.Columns.IndexOf(_columns.Names[i]);
            _lastColumns = row.Columns;
        }

        var json = row.Columns.Format == CellFormat.Json;
        foreach (var position in _positions)
        {
            var cell = position < 0 ? default : row[position];
            _csv.AppendCell(_buffer, json ? CellText.Utf8(cell, _text) : cell);
        }
    }

    private void AppendAnswer(ReadOnlySpan<byte> answer)
    {
        _answer.Read(answer);
        for (var i = 0; i < _spread.Length; i++)
        {
            if (_spread[i] == 0) _csv.AppendCell(_buffer, _answer.Cell(answer, i));
            else for (var j = 0; j < _spread[i]; j++) _csv.AppendCell(_buffer, _answer.Cell(answer, i, j, _spread[i]));
        }
    }

    private void AppendReceipt(RowReceipt? receipt)
    {
        for (var i = 0; i < ReceiptCells.Names.Count; i++)
        {
            _text.Clear();
            if (receipt is not null) ReceiptCells.Append(_text, receipt, i);
            _csv.AppendCell(_buffer, _text.Written);
        }
    }

    private void AppendText(string? text)
    {
        _text.Clear();
        _text.Append(text.AsSpan());
        _csv.AppendCell(_buffer, _text.Written);
    }
}
