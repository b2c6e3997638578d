using CsvHelper;
using Rowmill.Core.Jobs;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Writes CSV as RFC 4180 has it. Values are data: none is changed, whatever a spreadsheet would make of it.</summary>
internal sealed class CsvRowSink : IRowSink
{
    private readonly RowColumns _columns;
    private readonly int[] _spread;
    private readonly bool _simulated;
    private readonly AnswerCells _answer;
    private readonly ByteBuffer _text = new();
    private readonly OutputFile _file;
    private readonly CsvWriter _writer;
    private readonly int[] _positions;
    private RowColumns? _lastColumns;

    public CsvRowSink(
        OutputOptions options, RowColumns columns, IReadOnlyList<string> answerProperties, char delimiter, string newLine, bool simulated)
    {
        _columns = columns;
        _spread = [.. answerProperties.Select(p => options.Spread.GetValueOrDefault(p))];
        _simulated = simulated;
        _answer = new AnswerCells(answerProperties);
        _positions = new int[columns.Names.Count];
        _file = OutputFile.Create(options.Path);
        _writer = CsvWriter.Create(
            _file.Stream,
            new CsvWriterOptions { Separator = delimiter, NewLine = newLine, WriteByteOrderMark = options.Bom, BufferSize = 1 << 17 },
            leaveOpen: true);
        foreach (var name in columns.Names.Concat(OutputColumns.Added(options, answerProperties, simulated))) _writer.WriteField(name);
        _writer.EndRecord();
    }

    public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
    {
        WriteSource(row);
        _writer.WriteField(OutputColumns.Word(verdict.Status));
        _writer.WriteField(verdict.Error.AsSpan());
        var answer = verdict.Status == RowStatus.Answered ? verdict.Answer.Span : default;
        _answer.Read(answer);
        for (var i = 0; i < _spread.Length; i++)
        {
            if (_spread[i] == 0) _writer.WriteField(_answer.Cell(answer, i));
            else for (var j = 0; j < _spread[i]; j++) _writer.WriteField(_answer.Cell(answer, i, j, _spread[i]));
        }

        if (_simulated) _writer.WriteField("true"u8);
        _writer.EndRecord();
        return ValueTask.CompletedTask;
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        _writer.Dispose();
        _file.Complete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        // The writer is not disposed here: what it still holds would be written to a file that is about to go.
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    private void WriteSource(Row row)
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
            _writer.WriteField(json ? CellText.Utf8(cell, _text) : cell);
        }
    }
}
