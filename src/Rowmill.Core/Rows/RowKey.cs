namespace Rowmill.Core.Rows;

/// <summary>
/// What a row is, as far as an answer is concerned: 128 bits over the names and values of the fields shown
/// (and, where equal rows are to be asked apart, the occurrence number). Rows with equal keys share an answer.
/// </summary>
/// <param name="High">The first eight bytes, big-endian.</param>
/// <param name="Low">The last eight bytes, big-endian.</param>
public readonly record struct RowKey(ulong High, ulong Low) : IComparable<RowKey>
{
    /// <summary>Length of the binary form in bytes.</summary>
    public const int Size = 16;

    /// <inheritdoc/>
    public int CompareTo(RowKey other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";

    /// <summary>Reads the binary form.</summary>
    public static RowKey Read(ReadOnlySpan<byte> source) => new(
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(source),
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(source[8..]));

    /// <summary>Writes the binary form, <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> target)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(target, High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(target[8..], Low);
    }
}
