using System.Text;
using System.Text.Unicode;

namespace Rowmill.Core.Rows;

/// <summary>
/// Passes UTF-8 text through and notes, at the speed of memory, whether it is valid, free of NUL, and how its lines end.
/// Where a fault lies is found by <see cref="TextFault"/>, which only broken files pay for.
/// </summary>
internal sealed class Utf8Stream(Stream inner) : Stream
{
    private readonly byte[] _carry = new byte[4];
    private int _carried;
    private bool _endsWithCr;
    private string? _newLine;

    /// <summary>A byte sequence was not UTF-8.</summary>
    public bool HasInvalid { get; private set; }

    /// <summary>A NUL byte was seen: binary data, or UTF-16 that does not say so.</summary>
    public bool HasNul { get; private set; }

    /// <summary>CR LF when the first line ends so, otherwise LF.</summary>
    public string NewLine => _newLine ?? "\n";

    /// <summary>Whether any byte was read.</summary>
    public bool HasContent { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        if (read > 0) Look(buffer[..read]);
        else if (buffer.Length > 0 && _carried > 0) HasInvalid = true;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private void Look(ReadOnlySpan<byte> chunk)
    {
        HasContent = true;
        if (_newLine is null) FindNewLine(chunk);
        HasNul |= chunk.Contains((byte)0);
        if (HasInvalid) return;
        while (_carried > 0 && chunk.Length > 0)
        {
            _carry[_carried++] = chunk[0];
            chunk = chunk[1..];
            var status = Rune.DecodeFromUtf8(_carry.AsSpan(0, _carried), out _, out _);
            if (status == System.Buffers.OperationStatus.Done) _carried = 0;
            else if (status != System.Buffers.OperationStatus.NeedMoreData)
            {
                HasInvalid = true;
                return;
            }
        }

        var tail = IncompleteTail(chunk);
        chunk[^tail..].CopyTo(_carry.AsSpan(_carried));
        _carried += tail;
        if (!Utf8.IsValid(chunk[..^tail])) HasInvalid = true;
    }

    /// <summary>Length of a sequence that begins within the last three bytes and may go on in the next chunk.</summary>
    private static int IncompleteTail(ReadOnlySpan<byte> chunk)
    {
        for (var back = 1; back <= Math.Min(3, chunk.Length); back++)
        {
            var b = chunk[^back];
            if (b < 0x80) return 0;
            if (b < 0xC0) continue;
            var needs = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
            return needs > back ? back : 0;
        }

        return 0;
    }

    private void FindNewLine(ReadOnlySpan<byte> chunk)
    {
        if (_endsWithCr)
        {
            _newLine = chunk[0] == '\n' ? "\r\n" : "\n";
            return;
        }

        var at = chunk.IndexOfAny((byte)'\r', (byte)'\n');
        if (at < 0) return;
        if (chunk[at] == '\n') _newLine = "\n";
        else if (at + 1 == chunk.Length) _endsWithCr = true;
        else _newLine = chunk[at + 1] == '\n' ? "\r\n" : "\n";
    }
}
