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

    /// <summary>Puts something in the place of every such byte.</summary>
    public void Replace(byte value, Func<int, string> by)
    {
        var (bytes, owners) = (Bytes.ToArray(), Owners.ToArray());
        var seen = 0;
        Clear();
        for (int at = 0, next; at < bytes.Length; at = next + 1)
        {
            next = bytes.AsSpan(at).IndexOf(value) is >= 0 and var found ? at + found : bytes.Length;
            Splice(Length, 0, bytes.AsSpan(at..next), 0);
            owners.AsSpan(at..next).CopyTo(_owners.AsSpan(Length - (next - at)));
            if (next < bytes.Length) Append(by(seen++), owners[next]);
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
