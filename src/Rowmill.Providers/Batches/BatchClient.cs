using System.Buffers;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>The batch API of one route over whichever wire its provider speaks.</summary>
/// <param name="best">The best form of structured output of the model.</param>
/// <param name="codec">The lines of its files.</param>
/// <param name="wire">Its operations; null for a client that only writes and reads files.</param>
/// <param name="connection">Sends; null with <paramref name="wire"/>.</param>
/// <param name="caps">What one batch takes.</param>
internal sealed class BatchClient(StructuredOutput best, BatchCodec codec, BatchWire? wire, BatchConnection? connection, BatchCaps caps) : IBatchClient
{
    /// <inheritdoc/>
    public BatchCaps Caps => caps;

    /// <inheritdoc/>
    public StructuredOutput StructuredOutput => best;

    private BatchWire Wire => wire ?? throw new InvalidOperationException("this client writes and reads files, and knows no service");

    /// <inheritdoc/>
    public void WriteLine(IBufferWriter<byte> line, string id, ModelRequest request) => codec.WriteLine(line, id, request);

    /// <inheritdoc/>
    public BatchAnswer? ReadLine(ReadOnlySpan<byte> line) => codec.ReadLine(line);

    /// <inheritdoc/>
    public ValueTask<BatchReply<string>> UploadAsync(BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken = default) =>
        Wire.UploadAsync(file, session, remember, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken = default) => Wire.FindUploadAsync(file, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken = default) =>
        Wire.CreateAsync(file, upload, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BatchReply<BatchStatus>> GetAsync(string id, CancellationToken cancellationToken = default) =>
        connection!.GetAsync(Wire.AddressOf(id), Wire.Status, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BatchReply<BatchPage>> ListAsync(string? cursor, CancellationToken cancellationToken = default) =>
        connection!.SendAsync(new HttpRequestMessage(HttpMethod.Get, Wire.ListAddress(cursor)), Page, null, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<BatchReply<BatchStatus>> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        var reply = await Wire.CancelAsync(id, cancellationToken).ConfigureAwait(false);
        // A conflict with what the batch is: it is over, and asking again will not pass.
        return reply.Failure is { HttpStatus: 409 } late ? reply with { Failure = late with { Kind = FailureKind.BadRequest } } : reply;
    }

    private (BatchPage? Value, string? Flaw) Page(HttpResponseMessage response, ReadOnlyMemory<byte> body)
    {
        var (page, flaw) = BatchConnection.Json(Wire.Batches)(response, body);
        return (page is null ? null : page with { At = response.Headers.Date }, flaw);
    }

    /// <inheritdoc/>
    public async ValueTask<BatchReply<BatchDownload>> DownloadAsync(BatchResultFile file, Stream to, CancellationToken cancellationToken = default)
    {
        if (Wire.AddressOf(file) is not { } address)
        {
            return new BatchReply<BatchDownload>
            {
                Failure = new ModelFailure(FailureKind.BadRequest, $"the results are said to be at {file.Id}, which is not below base_url; no key is sent there"),
            };
        }

        var message = new HttpRequestMessage(HttpMethod.Get, address);
        message.Headers.TryAddWithoutValidation("Accept", Wire.Accept);
        var sink = new FileSink(to);
        return await connection!.SendAsync<BatchDownload>(
            message, (_, _) => (new BatchDownload(sink.Bytes), null), new FileTransfer { Down = sink }, cancellationToken).ConfigureAwait(false);
    }
}
