using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Runs;

public sealed class EmbedderTests : IDisposable
{
    private readonly RunWorld _world = new();
    private readonly FakeEmbeddings _client = new();
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Every_text_gets_its_vector_in_order_and_stands_in_the_ledger()
    {
        var texts = Enumerable.Range(0, 25).Select(i => new string('x', i + 1)).ToList();

        var vectors = await EmbedAsync(texts, new() { TextsPerRequest = 10 }, RunWorld.Route("a", new() { Concurrency = 4 }) with { Price = new Price(1, 0) });

        Assert.Equal(Enumerable.Range(0, 25).Select(i => ((long)i, i + 1f)), vectors.Select(v => (v.Index, v.Vector.Span[0])));
        Assert.Equal([10, 10, 5], _client.Sent.Select(s => s.Count).OrderDescending());
        var calls = await LedgerAsync();
        Assert.Equal(25, calls.SelectMany(c => c.Intent.Rows).Distinct().Count());
        Assert.All(calls, c => Assert.Equal(0.00005m, c.Settlement!.Usd));
    }

    [Fact]
    public async Task A_request_holds_no_more_tokens_than_service_and_window_take()
    {
        _client.Limits = new EmbeddingLimits(2048, 8192, 1000);
        string[] texts = [.. Enumerable.Repeat(new string('x', 330), 12)];

        await EmbedAsync(texts);
        Assert.Equal([10, 2], _client.Sent.Select(s => s.Count));

        _client.Sent.Clear();
        var vectors = await EmbedAsync(texts, route: RunWorld.Route("b", new() { TokensPerMinute = 500 }));
        Assert.Equal([5, 5, 2], _client.Sent.Select(s => s.Count));
        Assert.All(vectors, v => Assert.Null(v.Failure));
    }

    [Fact]
    public async Task A_text_that_is_empty_or_too_long_costs_no_other_its_vector()
    {
        _client.Refuse = texts => texts.Any(t => t.StartsWith("long", StringComparison.Ordinal)) ? FailureKind.TooLarge : null;

        var vectors = await EmbedAsync(["a", "", "b", "long", "c", "d", "e"]);

        Assert.Equal([null, FailureKind.BadRequest, null, FailureKind.TooLarge, null, null, null], vectors.Select(v => v.Failure?.Kind));
        Assert.All(vectors, v => Assert.Equal(v.Failure is null, v.Vector.Length > 0));
        Assert.DoesNotContain(_client.Sent, s => s.Contains(""));
    }

    [Fact]
    public async Task What_all_requests_would_meet_ends_all_texts_with_one_request()
    {
        _client.Refuse = _ => FailureKind.KeyRefused;

        var vectors = await EmbedAsync([.. Enumerable.Repeat("a", 50)], new() { TextsPerRequest = 5 });

        Assert.Equal(50, vectors.Count(v => v.Failure?.Kind == FailureKind.KeyRefused));
        Assert.Single(_client.Sent);
    }

    [Fact]
    public async Task No_more_texts_are_read_than_the_requests_in_flight_hold()
    {
        var read = 0;
        await using var calls = await MeteredCalls.OpenAsync(_world.Environment, "vectors", _stop);
        var embedder = new Embedder(calls, RunWorld.Route("a", new() { Concurrency = 2 }), _client, new() { TextsPerRequest = 10 });

        await foreach (var one in embedder.EmbedAsync(Texts(), _stop))
            if (one.Index == 0) break;

        Assert.InRange(read, 20, 31);

        async IAsyncEnumerable<string> Texts()
        {
            await Task.Yield();
            while (true) yield return $"t{read++}";
        }
    }

    private async Task<List<TextEmbedding>> EmbedAsync(IReadOnlyList<string> texts, EmbeddingOptions? options = null, Route? route = null)
    {
        await using var calls = await MeteredCalls.OpenAsync(_world.Environment, "vectors", _stop);
        return await new Embedder(calls, route ?? RunWorld.Route("a"), _client, options ?? new()).EmbedAsync(texts.ToAsyncEnumerable(), _stop).ToListAsync(_stop);
    }

    private async Task<List<CallRecord>> LedgerAsync() => await _world.Store.Calls.ReadAsync(new CallQuery("vectors"), _stop).ToListAsync(_stop);

    /// <summary>Makes of each text its length, and takes 50 tokens for each request.</summary>
    private sealed class FakeEmbeddings : IEmbeddingClient
    {
        public EmbeddingLimits Limits { get; set; } = new(null, null, null);

        public List<IReadOnlyList<string>> Sent { get; } = [];

        public Func<IReadOnlyList<string>, FailureKind?> Refuse { get; set; } = _ => null;

        public async ValueTask<EmbeddingResult> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken = default)
        {
            lock (Sent) Sent.Add(request.Texts);
            await Task.Yield();
            return Refuse(request.Texts) is { } kind
                ? new EmbeddingResult { Failure = new ModelFailure(kind, "no") }
                : new EmbeddingResult { Vectors = [.. request.Texts.Select(t => (ReadOnlyMemory<float>)new float[] { t.Length })], Usage = new TokenUsage(50, 0, 0) };
        }
    }
}
