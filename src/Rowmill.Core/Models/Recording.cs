namespace Rowmill.Core.Models;

/// <summary>Sound in a file's form. It is read anew by each request, never held as a whole.</summary>
/// <param name="Name">Its name for people; the extension tells services the form.</param>
/// <param name="Open">Opens it from its beginning, as a stream that can seek; whoever opens disposes.</param>
public sealed record Recording(string Name, Func<Stream> Open)
{
    /// <summary>A file. It is opened when it is sent; one that cannot be read is then a failure that names it.</summary>
    public static Recording File(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new Recording(
            Path.GetFileName(path),
            () => new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan | FileOptions.Asynchronous }));
    }

    /// <summary>What stands in a stream from here to its end. The stream stays the caller's to close, and may be used for one request at a time.</summary>
    /// <param name="stream">A stream that can seek: the size must be known before anything is sent, and a request may have to be made again.</param>
    /// <param name="name">A name with the extension of the form, such as <c>talk.mp3</c>.</param>
    /// <exception cref="ArgumentException">The stream cannot seek.</exception>
    public static Recording Of(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek) throw new ArgumentException("The stream must be able to seek.", nameof(stream));
        var start = stream.Position;
        return new Recording(name, () =>
        {
            stream.Position = start;
            return new Lent(stream);
        });
    }

    /// <summary>A stream that closing leaves open.</summary>
    private sealed class Lent(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
            // Nothing is written.
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
