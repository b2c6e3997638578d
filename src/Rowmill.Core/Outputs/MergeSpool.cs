using System.Buffers.Binary;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Outputs;

/// <summary>Lines put aside until the place comes where they are written: on the disk, however many they are.</summary>
/// <param name="folder">An existing folder, on a disk rather than in memory.</param>
internal sealed class MergeSpool(string folder) : IDisposable
{
    private const int BufferSize = 1 << 16;

    private readonly byte[] _length = new byte[sizeof(int)];
    private byte[] _line = [];
    private FileStream? _file;

    /// <summary>Puts a line aside.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="IOException">The folder cannot be used; the message says what to do.</exception>
    public long Add(ReadOnlySpan<byte> line)
    {
        _file ??= TemporaryFile.Create(folder, FileOptions.None, BufferSize);
        try
        {
            var at = _file.Position;
            BinaryPrimitives.WriteInt32LittleEndian(_length, line.Length);
            _file.Write(_length);
            _file.Write(line);
            return at;
        }
        catch (IOException e)
        {
            throw TemporaryFile.Unusable(folder, e);
        }
    }

    /// <summary>Writes a line that was put aside.</summary>
    public void Append(ByteBuffer target, long at)
    {
        // They are mostly asked for in the order they came; seeking where the file stands keeps what was read ahead.
        if (_file!.Position != at) _file.Position = at;
        _file.ReadExactly(_length);
        var length = BinaryPrimitives.ReadInt32LittleEndian(_length);
        if (_line.Length < length) _line = new byte[Math.Max(length, 2 * _line.Length)];
        _file.ReadExactly(_line, 0, length);
        target.Append(_line.AsSpan(0, length));
    }

    public void Dispose() => _file?.Dispose();
}
