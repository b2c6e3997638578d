using System.Net;
using System.Runtime.ExceptionServices;

namespace Rowmill.Providers.Http;

/// <summary>A file on its way to a service or from it, which is never whole in memory.</summary>
internal sealed class FileTransfer
{
    /// <summary>What goes up, alone or as a part of the request's content; null for nothing.</summary>
    public FileContent? Up { get; init; }

    /// <summary>Where a success's body goes; null for a body that is read as any other.</summary>
    public FileSink? Down { get; init; }

    /// <summary>What this machine's own disk refused; null when it refused nothing.</summary>
    public ExceptionDispatchInfo? Refused => Up?.Refused ?? Down?.Refused;
}

/// <summary>A file, or the rest of one, as the content of a request, read while it is sent.</summary>
internal sealed class FileContent : HttpContent
{
    // Enough for few calls, little enough to notice early that nothing moves.
    private const int Block = 128 * 1024;

    private readonly FileStream _file;
    private readonly long _from;
    private readonly ListFrame? _frame;
    private readonly long _end;

    /// <param name="path">The file.</param>
    /// <param name="from">Where in it to begin.</param>
    /// <param name="frame">What makes a JSON array of its lines; null to send it as it is.</param>
    /// <exception cref="IOException">It cannot be read; likewise <see cref="UnauthorizedAccessException"/>.</exception>
    public FileContent(string path, long from = 0, ListFrame? frame = null)
    {
        _file = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0, Share = FileShare.Read });
        (_from, _frame) = (from, frame);
        _end = _file.Length;
        if (frame is not null && EndsWithBreak()) _end--;
    }

    /// <summary>Bytes of the file.</summary>
    public long FileBytes => _file.Length;

    /// <summary>Is called whenever some of it has been sent.</summary>
    public Action? Moved { get; set; }

    /// <summary>What the disk refused.</summary>
    public ExceptionDispatchInfo? Refused { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_frame is not null) await stream.WriteAsync(_frame.Before, cancellationToken).ConfigureAwait(false);
        var block = new byte[Block];
        for (var at = _from; at < _end;)
        {
            var read = await ReadAsync(block.AsMemory(0, (int)Math.Min(Block, _end - at)), at, cancellationToken).ConfigureAwait(false);
            if (_frame is not null) block.AsSpan(0, read).Replace((byte)'\n', (byte)',');
            await stream.WriteAsync(block.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            Moved?.Invoke();
            at += read;
        }

        if (_frame is not null) await stream.WriteAsync(_frame.After, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _end - _from + (_frame is null ? 0 : _frame.Before.Length + _frame.After.Length);
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadAsync(Memory<byte> into, long at, CancellationToken cancellationToken)
    {
        try
        {
            var read = await RandomAccess.ReadAsync(_file.SafeFileHandle, into, at, cancellationToken).ConfigureAwait(false);
            return read > 0 ? read : throw new EndOfStreamException($"{_file.Name} has become shorter while it was sent");
        }
        catch (IOException e)
        {
            Refused = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }

    private bool EndsWithBreak()
    {
        Span<byte> last = stackalloc byte[1];
        return _file.Length > 0 && RandomAccess.Read(_file.SafeFileHandle, last, _file.Length - 1) == 1 && last[0] == '\n';
    }
}

/// <summary>What stands around the lines of a file to make one JSON text of them; a line break between two becomes a comma.</summary>
/// <param name="Before">Bytes before the first line.</param>
/// <param name="After">Bytes after the last.</param>
internal sealed record ListFrame(ReadOnlyMemory<byte> Before, ReadOnlyMemory<byte> After);

/// <summary>Takes a body into a stream as it comes.</summary>
/// <param name="to">The stream, at its place; it is not closed.</param>
internal sealed class FileSink(Stream to)
{
    private const int Block = 128 * 1024;

    /// <summary>Bytes that came.</summary>
    public long Bytes { get; private set; }

    /// <summary>What the disk refused.</summary>
    public ExceptionDispatchInfo? Refused { get; private set; }

    /// <summary>Copies a body to its end.</summary>
    /// <param name="response">Whose body.</param>
    /// <param name="moved">Is called before each read.</param>
    /// <param name="either">Ends the reading.</param>
    /// <param name="caller">Ends the writing: what came within its time is kept.</param>
    public async ValueTask TakeAsync(HttpResponseMessage response, Action moved, CancellationToken either, CancellationToken caller)
    {
        var from = await response.Content.ReadAsStreamAsync(either).ConfigureAwait(false);
        // Not from the pool: a connection that is being torn down may still write it.
        var block = new byte[Block];
        while (true)
        {
            moved();
            var read = await from.ReadAsync(block, either).ConfigureAwait(false);
            if (read == 0) return;
            try
            {
                await to.WriteAsync(block.AsMemory(0, read), caller).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Refused = ExceptionDispatchInfo.Capture(e);
                throw;
            }

            Bytes += read;
        }
    }
}
