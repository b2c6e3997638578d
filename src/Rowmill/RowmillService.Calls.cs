using System.Runtime.CompilerServices;
using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill;

/// <summary>Single requests: chats, vectors, transcripts. They pass the windows of jobs and stand in the ledger beside their calls.</summary>
public sealed partial class RowmillService
{
    /// <summary>The name of single requests in the ledger, as a job's; a second process of the same store gets a number behind it.</summary>
    public const string CallsName = "single-requests";

    /// <summary>
    /// Makes vectors of texts, many in each request, several requests at a time, within the limits of service and route. Nothing is sent before the
    /// first vector is awaited, and no more texts are read than the requests in flight hold.
    /// </summary>
    /// <param name="route">The model, such as <c>Route.Of("openai/text-embedding-3-small")</c>.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="options">Size and purpose of the vectors; null for the model's own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A vector or a failure for every text, in order: an empty or too long text costs no other its vector.</returns>
    /// <exception cref="Core.ProblemException">The route cannot be used, or its provider has no vectors; nothing was sent.</exception>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    public async IAsyncEnumerable<TextEmbedding> EmbedAsync(
        Route route, IAsyncEnumerable<string> texts, EmbeddingOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(route);
        var client = (await EngineAsync(cancellationToken).ConfigureAwait(false)).Embeddings(route);
        using var either = Stopping(cancellationToken);
        var embedder = new Embedder(await CallsAsync(cancellationToken).ConfigureAwait(false), route, client, options ?? new EmbeddingOptions());
        await foreach (var one in embedder.EmbedAsync(texts, either.Token).ConfigureAwait(false)) yield return one;
    }

    /// <summary>The same for texts at hand.</summary>
    public IAsyncEnumerable<TextEmbedding> EmbedAsync(
        Route route, IEnumerable<string> texts, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedAsync(route, texts.ToAsyncEnumerable(), options, cancellationToken);

    /// <summary>Transcribes a recording.</summary>
    /// <param name="route">The model, such as <c>Route.Of("groq/whisper-large-v3-turbo")</c>.</param>
    /// <param name="path">The file; it is streamed.</param>
    /// <param name="options">Form, times, language; null for the text alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The transcript, or the failure: a file that cannot be read, is too large (25 MiB) or of no known form is one that names it.</returns>
    /// <exception cref="Core.ProblemException">The route cannot be used, or its provider does not transcribe; nothing was sent.</exception>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    public Task<TranscriptionResult> TranscribeAsync(
        Route route, string path, TranscriptionOptions? options = null, CancellationToken cancellationToken = default) =>
        TranscribeAsync(route, Recording.File(path), options, cancellationToken);

    /// <summary>The same for a recording that may stand in a stream.</summary>
    public async Task<TranscriptionResult> TranscribeAsync(
        Route route, Recording recording, TranscriptionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(route);
        ArgumentNullException.ThrowIfNull(recording);
        var client = (await EngineAsync(cancellationToken).ConfigureAwait(false)).Transcription(route);
        using var either = Stopping(cancellationToken);
        var calls = await CallsAsync(cancellationToken).ConfigureAwait(false);
        return await calls.TranscribeAsync(route, client, recording, options ?? new TranscriptionOptions(), either.Token).ConfigureAwait(false);
    }

    /// <summary>One call of a chat client.</summary>
    private Task<ModelResult> AskAsync(Route route, ModelRequest request, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var asking = MeterAsync(route, request, cancellationToken);
            Keep(asking);
            return asking;
        }
    }

    private async Task<ModelResult> MeterAsync(Route route, ModelRequest request, CancellationToken cancellationToken)
    {
        // The gate is not held while the store opens.
        await Task.Yield();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, cancellationToken);
        try
        {
            var environment = await EnvironmentAsync([], either.Token).ConfigureAwait(false);
            var client = environment.Client(route);
            var calls = await CallsAsync(either.Token).ConfigureAwait(false);
            return await calls.AskAsync(route, client, request, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (_stopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The caller has cancelled nothing.
            throw new ObjectDisposedException("The service was closed.", e);
        }
    }

    /// <summary>Cancelled by the caller, or when the service closes.</summary>
    private CancellationTokenSource Stopping(CancellationToken cancellationToken) =>
        CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);

    private async ValueTask<MeteredCalls> CallsAsync(CancellationToken cancellationToken)
    {
        var engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            // A process that slept may have lost its name to another.
            if (_calls is { IsLost: true } lost)
            {
                _calls = null;
                await lost.DisposeAsync().ConfigureAwait(false);
            }

            _calls ??= await MeteredCalls.OpenAsync(engine.Environment, CallsName, cancellationToken).ConfigureAwait(false);
            return _calls;
        }
        finally
        {
            _opening.Release();
        }
    }
}
