using System.Text;

namespace Rowmill.Tests.Replies;

/// <summary>A reply's bytes, each with the number of whose entry it belongs to; 0 for none.</summary>
internal sealed class FuzzText
{
    private byte[] _bytes = new byte[4096];
    private short[] _owners = new short[4096];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public ReadOnlySpan<short> Owners => _owners.AsSpan(0, Length);

    /// <summary>A copy of the bytes.</summary>
    public byte[] ToArray() => Bytes.ToArray();

    public void Clear() => Length = 0;

    public void Append(string text, int owner = 0) => Splice(Length, 0, Encoding.UTF8.GetBytes(text), owner);

    /// <summary>Replaces a byte.</summary>
    public void Set(int at, byte value) => _bytes[at] = value;

    /// <summary>Takes a range out and puts bytes in its place.</summary>
    public void Splice(int at, int remove, ReadOnlySpan<byte> insert, int owner)
    {
        Open(at, remove, insert.Length);
        insert.CopyTo(_bytes.AsSpan(at));
        _owners.AsSpan(at, insert.Length).Fill((short)owner);
    }

    /// <summary>Puts a copy of one of its own ranges somewhere.</summary>
    public void CopyRange(int from, int length, int to)
    {
        var (bytes, owners) = (Bytes.Slice(from, length).ToArray(), Owners.Slice(from, length).ToArray());
        Open(to, 0, length);
        bytes.CopyTo(_bytes.AsSpan(to));
        owners.CopyTo(_owners.AsSpan(to));
    }

    /// <summary>Makes every byte that a test picks into some others.</summary>
    public void Replace(byte value, Func<int, string> by)
    {
        for (int at = 0, seen = 0; at < Length; at++)
        {
            if (_bytes[at] != value) continue;
            var bytes = Encoding.UTF8.GetBytes(by(seen++));
            Splice(at, 1, bytes, _owners[at]);
            at += bytes.Length - 1;
        }
    }

    private void Open(int at, int remove, int insert)
    {
        var length = Length - remove + insert;
        if (length > _bytes.Length)
        {
            Array.Resize(ref _bytes, length * 2);
            Array.Resize(ref _owners, length * 2);
        }

        _bytes.AsSpan(at + remove, Length - at - remove).CopyTo(_bytes.AsSpan(at + insert));
        _owners.AsSpan(at + remove, Length - at - remove).CopyTo(_owners.AsSpan(at + insert));
        Length = length;
    }
}
