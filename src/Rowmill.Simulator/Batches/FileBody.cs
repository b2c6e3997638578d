using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Rowmill.Simulator.Batches;

/// <summary>The bytes of a file, on disk. Grows until it is closed, and is read while anybody holds it.</summary>
internal sealed class FileBody : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _holders = 1;

    public FileBody(string path) =>
        _handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);

    public long Length { get; private set; }

    /// <summary>SHA-256 of the bytes so far.</summary>
    public byte[] Sha256 => _hash.GetCurrentHash();

    public void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle, bytes, Length);
        _hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>Appends a stream; false when it holds more than this.</summary>
    public async Task<bool> AppendAsync(Stream from, long most, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (Length + read > most) return false;
                Append(buffer.AsSpan(0, read));
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Fills the buffer from a place on; how much there was.</summary>
    public int Read(Span<byte> buffer, long offset)
    {
        var filled = 0;
        while (filled < buffer.Length && RandomAccess.Read(_handle, buffer[filled..], offset + filled) is > 0 and var read) filled += read;
        return filled;
    }

    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Lets go of it; the last one closes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        _handle.Dispose();
        _hash.Dispose();
    }
}
