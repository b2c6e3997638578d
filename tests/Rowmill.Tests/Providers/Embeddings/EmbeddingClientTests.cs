using System.Runtime.InteropServices;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Simulator;

namespace Rowmill.Tests.Providers.Embeddings;

public sealed class EmbeddingClientTests
{
    private static readonly EmbeddingRequest s_two = new(["a", "b"]);

    [Fact]
    public async Task OpenAI_is_asked_for_base64_and_its_vectors_go_by_their_index()
    {
        var http = new ScriptedHttp().Reply(
            200,
            $$$"""{"object":"list","data":[{"object":"embedding","index":1,"embedding":"{{{Base64(3, 4)}}}"},{"object":"embedding","index":0,"embedding":[1,2.5]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}""",
            ("x-request-id", "req_1"));

        var result = await Client(http, "openai").EmbedAsync(s_two with { Dimensions = 2 });

        ScriptedHttp.AssertJson("""{"model":"m-1","input":["a","b"],"encoding_format":"base64","dimensions":2}""", http.Sent[0]);
        Assert.Equal("https://api.test/v1/embeddings", http.Url!.AbsoluteUri);
        Assert.Equal($"Bearer {Given.Key}", http.Headers["Authorization"]);
        Assert.Equal([[1, 2.5f], [3, 4]], result.Vectors!.Select(v => v.ToArray()));
        Assert.Equal((new TokenUsage(7, 0, 0), "req_1"), (result.Usage, result.RequestId));
    }

    [Fact]
    public async Task An_imitator_is_not_asked_for_base64()
    {
        var http = new ScriptedHttp().Reply(200, """{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[2]}]}""");

        var result = await Client(http, "openai-compatible").EmbedAsync(s_two);

        ScriptedHttp.AssertJson("""{"model":"m-1","input":["a","b"]}""", http.Sent[0]);
        Assert.Null(result.Usage);
        Assert.Equal([1f, 2f], result.Vectors!.Select(v => v.Span[0]));
    }

    [Fact]
    public async Task Gemini_gets_the_model_with_every_text()
    {
        var http = new ScriptedHttp().Reply(200, """{"embeddings":[{"values":[1,2]},{"values":[3,4]}]}""");

        var result = await Client(http, "gemini", "https://g.test").EmbedAsync(s_two with { Dimensions = 2, TaskType = "RETRIEVAL_DOCUMENT" });

        ScriptedHttp.AssertJson(
            """
            {"requests":[{"model":"models/m-1","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT","outputDimensionality":2},
              {"model":"models/m-1","content":{"parts":[{"text":"b"}]},"taskType":"RETRIEVAL_DOCUMENT","outputDimensionality":2}]}
            """,
            http.Sent[0]);
        Assert.Equal("https://g.test/v1beta/models/m-1:batchEmbedContents", http.Url!.AbsoluteUri);
        Assert.Equal(Given.Key, http.Headers["x-goog-api-key"]);
        Assert.Equal([[1, 2], [3, 4]], result.Vectors!.Select(v => v.ToArray()));
    }

    [Fact]
    public async Task Ollama_may_not_cut_a_text()
    {
        var http = new ScriptedHttp().Reply(200, """{"model":"m-1","embeddings":[[1,2],[3,4]],"total_duration":1,"load_duration":1,"prompt_eval_count":8}""");

        var result = await Client(http, "ollama", "http://localhost:11434").EmbedAsync(s_two);

        ScriptedHttp.AssertJson("""{"model":"m-1","input":["a","b"],"truncate":false}""", http.Sent[0]);
        Assert.Equal("http://localhost:11434/api/embed", http.Url!.AbsoluteUri);
        Assert.Equal(8, result.Usage!.Value.Input);
        Assert.Equal([3f, 4f], result.Vectors![1].ToArray());
    }

    [Theory]
    [InlineData("openai", """{"data":[{"index":0,"embedding":[1]},{"embedding":[2]}]}""", "without its index")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}]}""", "two vectors of index 0")]
    [InlineData("openai", """{"data":[{"index":1,"embedding":[1]},{"index":2,"embedding":[2]}]}""", "index 2 for 2 texts")]
    [InlineData("openai", """{"data":[{"index":-1,"embedding":[1]},{"index":0,"embedding":[2]}]}""", "index -1")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":[1]}]}""", "1 vectors for 2 texts")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[2,3]}]}""", "2 numbers where 1 belong")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}""", "without numbers")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":"AAA="},{"index":1,"embedding":[2]}]}""", "not JSON of its kind")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":[2]}]}""", "not JSON of its kind")]
    [InlineData("openai", """{"data":[{"index":0,"embedding":[null]},{"index":1,"embedding":[2]}]}""", "not JSON of its kind")]
    [InlineData("openai", """{"choices":[]}""", "no vectors")]
    [InlineData("openai", "<html>", "not JSON of its kind")]
    [InlineData("openai", "[]", "not JSON of its kind")]
    [InlineData("gemini", """{"embeddings":[{"values":[1]}]}""", "1 vectors for 2 texts")]
    [InlineData("gemini", """{"embeddings":[{"values":[1]},{}]}""", "no vector for text 1")]
    [InlineData("ollama", """{"embeddings":[]}""", "0 vectors for 2 texts")]
    [InlineData("ollama", """{"embeddings":[[1],[2],[3]]}""", "3 vectors for 2 texts")]
    public async Task A_reply_that_does_not_fit_its_texts_is_no_reply(string provider, string body, string words)
    {
        var result = await Client(new ScriptedHttp().Reply(200, body), provider).EmbedAsync(s_two);

        Assert.Null(result.Vectors);
        Assert.Equal((FailureKind.BadReply, true), (result.Failure!.Kind, result.Failure.Billed));
        Assert.Contains(words, result.Failure.Message);
    }

    [Theory]
    [InlineData("openai", 400, """{"error":{"message":"This model's maximum context length is 8192 tokens, however you requested 9000 tokens","type":"invalid_request_error","code":null}}""", FailureKind.TooLarge)]
    [InlineData("openai", 400, """{"error":{"message":"Requested 350000 tokens, max 300000 tokens per request","type":"max_tokens_per_request","code":"max_tokens_per_request"}}""", FailureKind.TooLarge)]
    [InlineData("openai", 400, """{"error":{"message":"'$.input' is invalid.","type":"invalid_request_error","param":null,"code":null}}""", FailureKind.BadRequest)]
    [InlineData("openai", 401, """{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}""", FailureKind.KeyRefused)]
    [InlineData("openai", 429, """{"error":{"message":"Rate limit reached for requests per min (RPM): Limit 3, Used 3. Please try again in 20s.","code":"rate_limit_exceeded"}}""", FailureKind.RateLimited)]
    [InlineData("ollama", 400, """{"error":"the input length exceeds the context length"}""", FailureKind.TooLarge)]
    [InlineData("ollama", 404, """{"error":"model \"m-1\" not found, try pulling it first"}""", FailureKind.ModelRefused)]
    [InlineData("gemini", 400, """{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}""", FailureKind.KeyRefused)]
    public async Task Refusals_mean_what_they_mean_for_chats(string provider, int status, string body, FailureKind kind)
    {
        var result = await Client(new ScriptedHttp().Reply(status, body), provider).EmbedAsync(s_two);

        Assert.Equal((kind, status), (result.Failure!.Kind, result.Failure.HttpStatus));
    }

    [Fact]
    public async Task What_no_service_takes_is_not_sent()
    {
        var http = new ScriptedHttp();

        Assert.Equal(FailureKind.BadRequest, (await Client(http, "openai").EmbedAsync(new(["a", ""]))).Failure!.Kind);
        Assert.Equal(FailureKind.BadRequest, (await Client(http, "openai").EmbedAsync(new([]))).Failure!.Kind);
        Assert.Equal(FailureKind.BadRequest, (await Client(http, "ollama").EmbedAsync(s_two with { TaskType = "X" })).Failure!.Kind);
        Assert.Equal(FailureKind.TooLarge, (await Client(http, "openai").EmbedAsync(new([.. Enumerable.Repeat("a", 2049)]))).Failure!.Kind);
        Assert.Equal(FailureKind.TooLarge, (await Client(http, "gemini").EmbedAsync(new([.. Enumerable.Repeat("a", 101)]))).Failure!.Kind);
        Assert.Throws<ProblemException>(() => Client(http, "anthropic"));
        Assert.Empty(http.Sent);
    }

    [Theory]
    [InlineData(SimulatorDialect.OpenAI, "openai")]
    [InlineData(SimulatorDialect.Gemini, "gemini")]
    [InlineData(SimulatorDialect.Ollama, "ollama")]
    [InlineData(SimulatorDialect.Vllm, "openai-compatible")]
    public async Task The_simulator_takes_it_as_the_service_would(SimulatorDialect dialect, string provider)
    {
        await using var server = await SimulatorServer.StartAsync(new SimulatorOptions { Dialect = dialect }, TimeProvider.System);
        var client = Client(null, provider, server.BaseAddress.ToString().TrimEnd('/'));

        var both = await client.EmbedAsync(new(["one", "two \ud83d"]));
        var one = await client.EmbedAsync(new(["one"]));

        Assert.Null(both.Failure);
        Assert.Equal(2, both.Vectors!.Count);
        Assert.Equal(one.Vectors![0].ToArray(), both.Vectors[0].ToArray());
        Assert.NotEqual(both.Vectors[1].ToArray(), both.Vectors[0].ToArray());
        var large = await client.EmbedAsync(new([new string('x', 200_000)]));
        if (provider is "openai" or "ollama") Assert.Equal(FailureKind.TooLarge, large.Failure!.Kind);
    }

    private static IEmbeddingClient Client(ScriptedHttp? http, string provider, string? baseUrl = null) =>
        ModelClients.CreateEmbeddings(Given.Route(provider, baseUrl: baseUrl), new ApiKeys(_ => Given.Key), TimeProvider.System, http);

    private static string Base64(params float[] vector) => Convert.ToBase64String(MemoryMarshal.AsBytes<float>(vector));
}
