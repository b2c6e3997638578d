using System.Text;
using CsvHelper;

namespace Rowmill.Core.Rows;

/// <summary>One pass over a CSV file: the header, then record by record, noting every mistake with its line.</summary>
internal sealed class CsvRecords : IRecords
{
    private static readonly char[] s_usualDelimiters = [',', ';', '\t', '|'];

    private readonly SourceOptions _options;
    private readonly SourceProblems _problems;
    private readonly Utf8Stream _text;
    private readonly CsvReader _reader;
    private readonly ByteBuffer _cells = new();
    private int _width;
    private long _malformedLine;
    private bool _broken;

    private CsvRecords(SourceOptions options, SourceProblems problems, Utf8Stream text)
    {
        _options = options;
        _problems = problems;
        _text = text;
        _reader = CsvReader.Create(
            text,
            new CsvReaderOptions
            {
                Separator = options.Delimiter,
                HasHeader = false,
                TrackLineNumbers = true,
                Encoding = Encoding.UTF8,
                MaxRecordSize = SourceText.MaxRecordBytes,
                OnMalformedRecord = AddMalformed,
            },
            leaveOpen: true);
    }

    /// <summary>The header's columns; of equal names the first only, and then there is a problem.</summary>
    public RowColumns Columns { get; private set; } = new([], CellFormat.Text);

    /// <summary>How the file ends its lines.</summary>
    public string? NewLine => _text.NewLine;

    /// <summary>Whether bytes were seen that the pass cannot trust; <see cref="Finish"/> tells where.</summary>
    public bool HasFault => _text.HasInvalid || _text.HasNul || _broken;

    /// <summary>Opens the file and reads the header; null when it cannot be opened.</summary>
    public static CsvRecords? Open(SourceOptions options, SourceProblems problems)
    {
        if (options.Delimiter is '"' or '\r' or '\n' or > '\x7f' or '\0')
        {
            problems.Add(null, "A delimiter is one ASCII character other than the quote.", "Use , ; | or \"\\t\".", "source.delimiter");
            return null;
        }

        var text = SourceText.Open(options, problems);
        if (text is null) return null;
        var records = new CsvRecords(options, problems, text);
        records.ReadHeader();
        return records;
    }

    /// <summary>Moves to the next record, skipping blank lines. A record of the wrong width is a problem and is returned all the same.</summary>
    public bool Read()
    {
        while (Next())
        {
            var count = _reader.FieldCount;
            if (count == _width) return true;
            if (count == 1 && _reader.RawRecord.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0) continue;
            if (count < _width && _options.PadRagged) return true;
            // A broken quote is what made the count wrong, and it was told.
            if (_reader.LineNumber != _malformedLine) AddRagged(count);
            return true;
        }

        return false;
    }

    /// <summary>The present record as a row; cells that a short record lacks are empty.</summary>
    public Row ToRow(long index)
    {
        _cells.Clear();
        var ends = new int[_width];
        var count = Math.Min(_reader.FieldCount, _width);
        for (var i = 0; i < count; i++)
        {
            _cells.Append(_reader.GetSpan(i));
            ends[i] = _cells.Length;
        }

        for (var i = count; i < _width; i++) ends[i] = _cells.Length;
        return new Row(index, _reader.LineNumber, Columns, _cells.Written.ToArray(), ends);
    }

    /// <summary>Tells where the bytes are that the pass stumbled over.</summary>
    public void Finish(long rows)
    {
        if (_text.HasNul) TextFault.AddNul(_options, _problems);
        else if (_text.HasInvalid) TextFault.AddInvalidUtf8(_options, _problems);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _text.Dispose();
    }

    private bool Next()
    {
        if (_broken || _text.HasNul) return false;
        try
        {
            return _reader.Read();
        }
        catch (CsvFormatException e)
        {
            _problems.Add(
                e.LineNumber > 0 ? e.LineNumber : null,
                $"The record that starts here is longer than {SourceText.MaxRecordBytes >> 20} MB: a quote is probably never closed.",
                "Close the quote.");
        }
        catch (DecoderFallbackException)
        {
            TextFault.AddUndecodable(_options, _problems);
        }
        catch (IOException e)
        {
            _problems.Add(null, $"The file cannot be read any further: {e.Message}");
        }

        _broken = true;
        return false;
    }

    private void ReadHeader()
    {
        if (!Next())
        {
            if (_problems.Count == 0 && !_text.HasNul)
                _problems.Add(1, _text.HasContent ? "The file has no header." : "The file is empty.", "The first line names the columns.");
            return;
        }

        _width = _reader.FieldCount;
        var line = _reader.LineNumber;
        var names = new List<string>(_width);
        var positions = new Dictionary<string, int>(_width, StringComparer.Ordinal);
        for (var i = 0; i < _width; i++)
        {
            var name = _reader.GetString(i);
            if (string.IsNullOrWhiteSpace(name))
                _problems.Add(line, $"Column {i + 1} of the header has no name.", "Give it a name, or remove the column.");
            else if (!positions.TryAdd(name, i + 1))
                _problems.Add(line, $"The header names {name} twice, as columns {positions[name]} and {i + 1}.", "Rename one of them.");
            else names.Add(name);
        }

        if (_width == 1) CheckDelimiter(line, _reader.RawRecord);
        Columns = new RowColumns(names, CellFormat.Text);
    }

    /// <summary>A header of one unquoted column that holds another usual delimiter is almost always a wrong delimiter.</summary>
    private void CheckDelimiter(long line, ReadOnlySpan<byte> header)
    {
        if (header.Length == 5 && header.StartsWith("sep="u8))
        {
            _problems.Add(
                line, "The first line is a spreadsheet's hint, not a header.", $"Remove it, and set source.delimiter: \"{(char)header[4]}\".");
            return;
        }

        if (header.StartsWith("\""u8)) return;
        foreach (var other in s_usualDelimiters)
        {
            if (other == _options.Delimiter || !header.Contains((byte)other)) continue;
            _problems.Add(
                line,
                $"The delimiter {Show(_options.Delimiter)} is not in the header, but {Show(other)} is.",
                $"Set source.delimiter: {Show(other)}, or put the name in quotes when this is one column.");
            return;
        }
    }

    private void AddMalformed(CsvMalformedRecord record)
    {
        _malformedLine = record.LineNumber;
        var (message, fix) = record.Reason switch
        {
            CsvMalformedReason.UnterminatedQuote =>
                ("a quote is opened in the record that starts here and never closed.", "Close it, or double it when it belongs to the text."),
            CsvMalformedReason.TextAfterClosingQuote =>
                ("text follows a closing quote in the record that starts here.", "Double every quote that belongs to the text."),
            _ => ("a quote stands inside a cell that is not quoted.", "Put the cell in quotes and double the quotes within it."),
        };
        _problems.Add(record.LineNumber, message, fix);
    }

    private void AddRagged(int count) => _problems.Add(
        _reader.LineNumber,
        $"The row has {count} {(count == 1 ? "cell" : "cells")}, the header has {_width}.",
        count > _width
            ? "Put cells that hold the delimiter in quotes."
            : "Add what is missing, or set source.ragged: pad to take short rows as empty at the end.");

    private static string Show(char delimiter) => delimiter == '\t' ? "\"\\t\"" : $"\"{delimiter}\"";
}
