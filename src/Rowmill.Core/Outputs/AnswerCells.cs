using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Splits one answer into the values of its properties and writes them as the text of table cells.</summary>
internal sealed class AnswerCells
{
    private readonly byte[][] _names;
    private readonly (int Start, int Length)[] _values;
    private readonly List<(int Start, int Length)> _elements = [];
    private readonly ByteBuffer _text = new();

    /// <param name="properties">The answer's properties, in the order of the columns.</param>
    public AnswerCells(IReadOnlyList<string> properties)
    {
        _names = [.. properties.Select(p => System.Text.Encoding.UTF8.GetBytes(p))];
        _values = new (int, int)[properties.Count];
    }

    /// <summary>Finds the values of one answer, a JSON object; empty for none.</summary>
    public void Read(ReadOnlySpan<byte> answer)
    {
        Array.Clear(_values);
        if (answer.IsEmpty) return;
        var expected = 0;
        var position = JsonScan.Enter(answer);
        while (JsonScan.Next(answer, ref position, out var start, out var length))
        {
            var name = answer.Slice(start + 1, length - 2);
            // Stored answers have the schema's order, so the next name is nearly always the right one.
            var at = expected < _names.Length && name.SequenceEqual(_names[expected]) ? expected : Find(answer.Slice(start, length));
            JsonScan.Next(answer, ref position, out start, out length);
            if (at < 0) continue;
            _values[at] = (start, length);
            expected = at + 1;
        }
    }

    /// <summary>
    /// The text of one property: strings as they are, numbers and booleans as in JSON, null and absent empty, arrays joined with
    /// <c>;</c>, objects as JSON. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<byte> Cell(ReadOnlySpan<byte> answer, int property)
    {
        var value = Value(answer, property);
        if (value is not [(byte)'[', ..]) return CellText.Utf8(value, _text);
        ReadElements(value);
        return Join(value, 0, _elements.Count);
    }

    /// <summary>The text of one of several columns an array is spread over; the last takes all that is left, joined with <c>;</c>.
    /// Valid until the next call.</summary>
    public ReadOnlySpan<byte> Cell(ReadOnlySpan<byte> answer, int property, int column, int columns)
    {
        var value = Value(answer, property);
        if (value is not [(byte)'[', ..]) return column == 0 ? CellText.Utf8(value, _text) : default;
        if (column == 0) ReadElements(value);
        return Join(value, column, column == columns - 1 ? _elements.Count : column + 1);
    }

    private ReadOnlySpan<byte> Value(ReadOnlySpan<byte> answer, int property) =>
        answer.Slice(_values[property].Start, _values[property].Length);

    private int Find(ReadOnlySpan<byte> quotedName)
    {
        var name = quotedName[1..^1];
        if (name.Contains((byte)'\\'))
        {
            _text.Clear();
            CanonicalJson.AppendText(_text, quotedName);
            name = _text.Written;
        }

        for (var i = 0; i < _names.Length; i++)
        {
            if (name.SequenceEqual(_names[i])) return i;
        }

        return -1;
    }

    private void ReadElements(ReadOnlySpan<byte> array)
    {
        _elements.Clear();
        var position = JsonScan.Enter(array);
        while (JsonScan.Next(array, ref position, out var start, out var length)) _elements.Add((start, length));
    }

    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> array, int from, int to)
    {
        _text.Clear();
        for (var i = from; i < Math.Min(to, _elements.Count); i++)
        {
            if (i > from) _text.Append((byte)';');
            var element = array.Slice(_elements[i].Start, _elements[i].Length);
            if (element is [(byte)'"', ..]) CanonicalJson.AppendText(_text, element);
            else if (!element.SequenceEqual("null"u8)) _text.Append(element);
        }

        return _text.Written;
    }
}
