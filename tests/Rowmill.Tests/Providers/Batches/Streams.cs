namespace Rowmill.Tests.Providers.Batches;

/// <summary>A stream that only reads or only writes.</summary>
internal abstract class OneWayStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Gives so many bytes in blocks, and does something between two.</summary>
internal sealed class SlowStream(long size, int block, Action between) : OneWayStream
{
    private long _given;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_given > 0 && _given < size) between();
        cancellationToken.ThrowIfCancellationRequested();
        var count = (int)Math.Min(Math.Min(block, buffer.Length), size - _given);
        buffer.Span[..count].Fill((byte)'x');
        _given += count;
        return ValueTask.FromResult(count);
    }
}

/// <summary>Gives three bytes, and then nothing until it is cancelled.</summary>
internal sealed class StuckStream(TaskCompletionSource stuck) : OneWayStream
{
    private bool _given;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_given)
        {
            _given = true;
            return 3;
        }

        var never = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        stuck.TrySetResult();
        await never;
        return 0;
    }
}

/// <summary>Counts what is written, and does something with the size of each block.</summary>
internal sealed class CountingStream(Action<int>? written = null) : OneWayStream
{
    public long Bytes { get; private set; }

    public int Largest { get; private set; }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Bytes += buffer.Length;
        Largest = Math.Max(Largest, buffer.Length);
        written?.Invoke(buffer.Length);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}

/// <summary>A disk without room.</summary>
internal sealed class FullStream : OneWayStream
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("disk full");
}
