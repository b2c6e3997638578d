using System.Runtime.CompilerServices;
using System.Text;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Runs;

/// <summary>How texts are made into vectors.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>How many numbers a vector shall have; null for the model's own.</summary>
    public int? Dimensions { get; init; }

    /// <summary>See <see cref="EmbeddingRequest.TaskType"/>.</summary>
    public string? TaskType { get; init; }

    /// <summary>
    /// The most texts in one request, up to the service's own bound. 256 vectors of 4096 numbers, in decimal, are 23 MB: more would be longer
    /// than the longest reply that is read.
    /// </summary>
    public int TextsPerRequest { get; init; } = 256;

    /// <summary>How long a request waits for limits and for a service that is down.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>What became of one text: a vector or a failure, never both.</summary>
/// <param name="Index">The text's place in what was given, from 0.</param>
/// <param name="Vector">Its vector; empty when there is a failure.</param>
/// <param name="Failure">Why it has none.</param>
public readonly record struct TextEmbedding(long Index, ReadOnlyMemory<float> Vector, ModelFailure? Failure);

/// <summary>
/// Texts to vectors, many in a request, through the windows and the ledger. A request that fails for what it holds is halved until the text is
/// alone that is the cause. A failure that all others would meet too ends them without asking. For one sequence of texts.
/// </summary>
/// <param name="calls">Sends.</param>
/// <param name="route">Whom it asks.</param>
/// <param name="client">The route's client.</param>
/// <param name="options">How.</param>
public sealed class Embedder(MeteredCalls calls, Route route, IEmbeddingClient client, EmbeddingOptions options)
{
    private readonly int _mostTexts = Math.Max(1, Math.Min(options.TextsPerRequest, client.Limits.Texts ?? int.MaxValue));

    // A request larger than a whole window would never leave.
    private readonly long _mostTokens = new[]
    {
        client.Limits.RequestTokens, route.Limits.TokensPerMinute, route.Limits.InputTokensPerMinute, route.Limits.TokensPerDay,
    }.Min() ?? long.MaxValue;

    private volatile ModelFailure? _over;

    /// <summary>Makes vectors, several requests at a time; no more texts are taken from the source than these hold.</summary>
    /// <returns>Something for every text, in order.</returns>
    /// <exception cref="Stores.LeaseLostException">Another process has taken the name of the calls over.</exception>
    public async IAsyncEnumerable<TextEmbedding> EmbedAsync(IAsyncEnumerable<string> texts, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var inFlight = new Queue<Task<TextEmbedding[]>>();
        try
        {
            await foreach (var batch in BatchesAsync(texts, cancellationToken).ConfigureAwait(false))
            {
                if (inFlight.Count >= (route.Limits.Concurrency ?? RouteLimits.DefaultConcurrency))
                    foreach (var one in await inFlight.Dequeue().ConfigureAwait(false)) yield return one;
                inFlight.Enqueue(AskAsync(batch, stop.Token));
            }

            while (inFlight.TryDequeue(out var next))
                foreach (var one in await next.ConfigureAwait(false)) yield return one;
        }
        finally
        {
            if (inFlight.Count > 0)
            {
                await stop.CancelAsync().ConfigureAwait(false);
                Task ended = Task.WhenAll(inFlight);
                await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async IAsyncEnumerable<List<Text>> BatchesAsync(IAsyncEnumerable<string> texts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<Text>();
        var (tokens, sent, index) = (0L, 0, 0L);
        await foreach (var words in texts.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var utf8 = Encoding.UTF8.GetBytes(words ?? "");
            var text = new Text(index++, words ?? "", ShownFields.Key(utf8), TokenEstimate.Of(utf8));
            if (sent > 0 && tokens + text.Tokens > _mostTokens || batch.Count == _mostTexts)
            {
                yield return batch;
                (batch, tokens, sent) = ([], 0, 0);
            }

            batch.Add(text);
            tokens += text.Tokens;
            if (!text.IsEmpty) sent++;
        }

        if (batch.Count > 0) yield return batch;
    }

    private async Task<TextEmbedding[]> AskAsync(List<Text> batch, CancellationToken cancellationToken)
    {
        var ended = new TextEmbedding[batch.Count];
        var empty = new ModelFailure(FailureKind.BadRequest, "the text is empty");
        foreach (var text in batch)
            if (text.IsEmpty) ended[text.Index - batch[0].Index] = new TextEmbedding(text.Index, default, empty);
        await AskAsync(batch.FindAll(t => !t.IsEmpty), e => ended[e.Index - batch[0].Index] = e, cancellationToken).ConfigureAwait(false);
        return ended;
    }

    private async Task AskAsync(List<Text> texts, Action<TextEmbedding> end, CancellationToken cancellationToken)
    {
        if (texts.Count == 0) return;
        var failure = _over;
        if (failure is null)
        {
            var reply = await calls.CallAsync(Call(texts), cancellationToken).ConfigureAwait(false);
            if (reply.Value is { } vectors)
            {
                for (var i = 0; i < texts.Count; i++) end(new TextEmbedding(texts[i].Index, vectors[i], null));
                return;
            }

            failure = reply.Failure!;
            if (texts.Count > 1 && failure.Kind is FailureKind.TooLarge or FailureKind.Filtered)
            {
                var half = texts.Count / 2;
                await AskAsync(texts[..half], end, cancellationToken).ConfigureAwait(false);
                await AskAsync(texts[half..], end, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (MeetsAll(failure.Kind)) _over = failure;
        }

        foreach (var text in texts) end(new TextEmbedding(text.Index, default, failure));
    }

    private MeteredCall<IReadOnlyList<ReadOnlyMemory<float>>> Call(List<Text> texts) => new()
    {
        Route = route,
        Question = CallSpan.Embeddings,
        Operation = CallSpan.Embeddings,
        Rows = texts.ConvertAll(t => t.Key),
        Demand = new Demand(texts.Sum(t => (long)t.Tokens), 0),
        Patience = options.Patience,
        Send = async cancellation =>
        {
            var request = new EmbeddingRequest(texts.ConvertAll(t => t.Words)) { Dimensions = options.Dimensions, TaskType = options.TaskType };
            var result = await client.EmbedAsync(request, cancellation).ConfigureAwait(false);
            return new(result.Vectors, result.Failure) { Usage = result.Usage, RequestId = result.RequestId, Limits = result.Limits };
        },
    };

    /// <summary>What has nothing to do with the texts, and does not pass.</summary>
    private static bool MeetsAll(FailureKind kind) => kind is FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.NoAllowance
        or FailureKind.QuotaExhausted or FailureKind.RateLimited;

    private readonly record struct Text(long Index, string Words, RowKey Key, int Tokens)
    {
        public bool IsEmpty => Words.Length == 0;
    }
}
