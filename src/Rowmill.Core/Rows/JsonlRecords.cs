using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Rows;

/// <summary>One pass over a JSONL file, line by line, noting every mistake with its line.</summary>
internal sealed class JsonlRecords : IRecords
{
    /// <summary>Different lists of properties kept; beyond it the tree starts anew, so that memory stays flat.</summary>
    private const int MaxShapes = 10_000;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 256 };

    private readonly SourceOptions _options;
    private readonly SourceProblems _problems;
    private readonly Utf8Stream _text;
    private readonly JsonlLines _lines;
    private readonly ByteBuffer _cells = new();
    private readonly List<string> _names = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<int> _ends = [];
    private JsonlShape _root = JsonlShape.CreateRoot();
    private JsonlShape _shape;
    private int _shapes;
    private bool _broken;

    private JsonlRecords(SourceOptions options, SourceProblems problems, Utf8Stream text)
    {
        _options = options;
        _problems = problems;
        _text = text;
        _lines = new JsonlLines(text);
        _shape = _root;
    }

    /// <summary>Every property seen so far, in order of first appearance.</summary>
    public RowColumns Columns => new([.. _names], CellFormat.Json);

    /// <summary>JSON lines are written with a line feed, however they were read.</summary>
    public string? NewLine => null;

    /// <summary>Whether bytes were seen that the pass cannot trust; <see cref="Finish"/> tells where.</summary>
    public bool HasFault => _text.HasInvalid || _text.HasNul || _broken;

    /// <summary>Opens the file; null when it cannot be.</summary>
    public static JsonlRecords? Open(SourceOptions options, SourceProblems problems) =>
        SourceText.Open(options, problems) is { } text ? new JsonlRecords(options, problems, text) : null;

    /// <summary>Moves to the next line that is not blank. A line that is no row is a problem and is returned all the same.</summary>
    public bool Read()
    {
        if (!Next()) return false;
        try
        {
            Parse(_lines.Line);
        }
        catch (JsonException e)
        {
            AddNotJson(e);
        }
        catch (InvalidOperationException)
        {
            _problems.Add(_lines.Number, "A property name is not Unicode text (a lone surrogate).", "Mend the escape in the name.");
        }

        return true;
    }

    /// <summary>The present line as a row; only when no problem was found.</summary>
    public Row ToRow(long index) => new(index, _lines.Number, _shape.Columns, _cells.Written.ToArray(), [.. _ends]);

    /// <summary>Tells where the bytes are that the pass stumbled over.</summary>
    public void Finish(long rows)
    {
        if (_text.HasNul) TextFault.AddNul(_options, _problems);
        else if (_text.HasInvalid) TextFault.AddInvalidUtf8(_options, _problems);
        else if (rows == 0 && _problems.Count == 0 && !_options.MayBeEmpty) _problems.Add(1, "The file is empty.", "Write one JSON object a line.");
    }

    public void Dispose() => _text.Dispose();

    private bool Next()
    {
        if (_broken || _text.HasNul) return false;
        try
        {
            if (_lines.Read()) return true;
            if (!_lines.IsTooLong) return false;
            _problems.Add(
                _lines.Number + 1, $"The line is longer than {SourceText.MaxRecordBytes >> 20} MB.", "Write one JSON object a line.");
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

    private void Parse(ReadOnlySpan<byte> line)
    {
        _cells.Clear();
        _ends.Clear();
        var reader = new Utf8JsonReader(line, s_options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            AddNotObject(reader.TokenType);
            return;
        }

        if (_shapes > MaxShapes) (_root, _shapes) = (JsonlShape.CreateRoot(), 0);
        _shape = _root;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _shape = _shape.Follow(ref reader, out var created);
            if (created is not null) Learn(created);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            _cells.Append(line[start..(int)reader.BytesConsumed]);
            _ends.Add(_cells.Length);
        }

        // A second value on the line makes this throw.
        reader.Read();
        if (_shape.Duplicate is { } name)
            _problems.Add(_lines.Number, $"The property {name} appears twice.", "Keep one of them, or rename one.");
    }

    private void Learn(JsonlShape shape)
    {
        _shapes++;
        if (_known.Add(shape.Name)) _names.Add(shape.Name);
        if (_names.Count != MaxShapes) return;
        _problems.Add(
            _lines.Number, $"The file has more than {MaxShapes} different properties.", "Names of properties are columns; move what varies into values.");
        _broken = true;
    }

    private void AddNotObject(JsonTokenType type)
    {
        if (type == JsonTokenType.StartArray)
        {
            _problems.Add(
                _lines.Number, "The line is a JSON array, not an object.", "Write one JSON object a line (for one big array: jq -c '.[]').");
            // The lines of one big array would each be a problem.
            _broken = _lines.Number == 1;
            return;
        }

        _problems.Add(_lines.Number, "The line is not a JSON object.", "Write one JSON object a line.");
    }

    private void AddNotJson(JsonException e)
    {
        var at = (int)Math.Min(e.BytePositionInLine ?? 0, _lines.Line.Length);
        var column = Encoding.UTF8.GetCharCount(_lines.Line[..at]) + 1;
        if (_lines.Number == 1 && _lines.Line.TrimStart(" \t"u8) is [(byte)'[', ..])
        {
            AddNotObject(JsonTokenType.StartArray);
            return;
        }

        var detail = e.Message;
        var tail = detail.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (tail >= 0) detail = detail[..tail];
        _problems.Add(_lines.Number, $"Not JSON at column {column}: {detail}", "Write one JSON object a line.");
    }
}
