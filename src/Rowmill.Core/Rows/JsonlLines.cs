namespace Rowmill.Core.Rows;

/// <summary>Splits text into lines in one reused buffer, which grows to the longest line.</summary>
internal sealed class JsonlLines(Stream text)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _lineStart;
    private int _lineLength;
    private int _next;
    private int _end;
    private bool _ended;

    /// <summary>1-based number of the present line.</summary>
    public long Number { get; private set; }

    /// <summary>The present line without its end; valid until the next read.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_lineStart, _lineLength);

    /// <summary>True when the line that would come next is longer than <see cref="SourceText.MaxRecordBytes"/>.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Moves to the next line that is not blank; false at the end.</summary>
    public bool Read()
    {
        while (Advance())
        {
            if (Line.IndexOfAnyExcept((byte)' ', (byte)'\t', (byte)'\r') >= 0) return true;
        }

        return false;
    }

    private bool Advance()
    {
        var searched = _next;
        while (true)
        {
            var at = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (at >= 0) return Take(searched + at, searched + at + 1);
            if (_ended) return _next < _end && Take(_end, _end);
            searched = _end - _next;
            if (!Fill()) return false;
        }
    }

    private bool Take(int end, int next)
    {
        (_lineStart, _lineLength) = (_next, end - _next);
        _next = next;
        Number++;
        return true;
    }

    /// <summary>Moves what is left to the front and reads more behind it.</summary>
    private bool Fill()
    {
        _buffer.AsSpan(_next, _end - _next).CopyTo(_buffer);
        (_next, _end) = (0, _end - _next);
        if (_end > SourceText.MaxRecordBytes)
        {
            IsTooLong = true;
            return false;
        }

        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = text.Read(_buffer.AsSpan(_end));
        _ended = read == 0;
        _end += read;
        return true;
    }
}
