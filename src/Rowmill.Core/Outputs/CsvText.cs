using System.Buffers;

namespace Rowmill.Core.Outputs;

/// <summary>Writes the cells of CSV lines: RFC 4180, quoted only where it must be.</summary>
internal sealed class CsvText(char delimiter, string newLine)
{
    private readonly byte _delimiter = (byte)delimiter;
    private readonly byte[] _newLine = [.. newLine.Select(c => (byte)c)];
    private readonly SearchValues<byte> _quoted = SearchValues.Create([(byte)delimiter, (byte)'"', (byte)'\r', (byte)'\n']);
    private bool _inLine;

    public void AppendCell(ByteBuffer target, ReadOnlySpan<byte> value)
    {
        if (_inLine) target.Append(_delimiter);
        _inLine = true;
        if (value.IndexOfAny(_quoted) < 0)
        {
            target.Append(value);
            return;
        }

        target.Append((byte)'"');
        int quote;
        while ((quote = value.IndexOf((byte)'"')) >= 0)
        {
            target.Append(value[..(quote + 1)]);
            target.Append((byte)'"');
            value = value[(quote + 1)..];
        }

        target.Append(value);
        target.Append((byte)'"');
    }

    public void EndLine(ByteBuffer target)
    {
        target.Append(_newLine);
        _inLine = false;
    }
}
