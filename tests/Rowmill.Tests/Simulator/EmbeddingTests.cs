using System.Runtime.InteropServices;
using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class EmbeddingTests
{
    private const string Path = "/v1/embeddings";

    [Fact]
    public async Task Equal_texts_have_equal_vectors_of_length_one_and_shared_words_bring_texts_near()
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.PostAsync(Path, """{"model":"e","input":["the red fish swims","the red fish sings","quantum ledger tax","the red fish swims"],"dimensions":256}""");
        var vectors = reply.Json.GetProperty("data").EnumerateArray().Select(d => Floats(d.GetProperty("embedding"))).ToList();
        Assert.Equal([0, 1, 2, 3], reply.Json.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("index").GetInt32()));
        Assert.All(vectors, v => Assert.Equal((256, 1.0), (v.Length, Math.Round(Dot(v, v), 4))));
        Assert.Equal(vectors[0], vectors[3]);
        Assert.True(Dot(vectors[0], vectors[1]) > Dot(vectors[0], vectors[2]) + 0.2);
        Assert.Equal(reply.Json.GetProperty("usage").GetProperty("total_tokens").GetInt32(), simulator.Server.Stats.PromptTokens);
    }

    [Fact]
    public async Task Base64_holds_the_same_numbers()
    {
        await using var simulator = await StartAsync();
        const string Body = """{"model":"e","input":"a text","encoding_format":"FORMAT"}""";
        var plain = Floats(One(await simulator.PostAsync(Path, Body.Replace("FORMAT", "float", StringComparison.Ordinal))));
        var packed = One(await simulator.PostAsync(Path, Body.Replace("FORMAT", "base64", StringComparison.Ordinal))).GetBytesFromBase64();
        Assert.Equal(1536, plain.Length);
        Assert.Equal(plain, MemoryMarshal.Cast<byte, float>(packed).ToArray());

        static JsonElement One(Reply reply) => reply.Json.GetProperty("data")[0].GetProperty("embedding");
    }

    [Theory]
    [InlineData("\"\"", "'$.input' is invalid.")]
    [InlineData("[]", "'$.input' is invalid.")]
    [InlineData("[\"a\",\"\"]", "'$.input' is invalid.")]
    [InlineData("MANY", "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 2049 instead.")]
    [InlineData("LONG", "This model's maximum context length is 8192 tokens, however you requested 8193 tokens")]
    [InlineData("HEAVY", "Invalid 'input': maximum request size is 300000 tokens per request.")]
    [InlineData("\"a\",\"encoding_format\":\"hex\"", "Invalid value: 'hex'.")]
    [InlineData("\"a\",\"truncate\":true", "Unrecognized request argument supplied: truncate")]
    public async Task Openai_refuses_what_is_too_much_or_nothing(string input, string message)
    {
        var sent = input switch
        {
            "MANY" => $"[{string.Join(',', Enumerable.Repeat("\"a\"", 2049))}]",
            "LONG" => Quote(new string('x', 8193 * 4)),
            "HEAVY" => $"[{string.Join(',', Enumerable.Repeat(Quote(new string('x', 8000 * 4)), 38))}]",
            _ => input,
        };
        await using var simulator = await StartAsync();
        var reply = await simulator.PostAsync(Path, $$"""{"model":"e","input":{{sent}} }""");
        Assert.Equal(400, reply.Status);
        Assert.StartsWith(message, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_and_faults_hold_for_vectors_too()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { RequestsPerMinute = 3, Script = [SimulatorFault.Http500, SimulatorFault.Incomplete, SimulatorFault.Shuffle] });
        const string Two = """{"model":"e","input":["a","b"]}""";
        Assert.Equal(500, (await simulator.PostAsync(Path, Two)).Status);
        Assert.Equal(1, (await simulator.PostAsync(Path, Two)).Json.GetProperty("data").GetArrayLength());
        Assert.Equal([1, 0], (await simulator.PostAsync(Path, Two)).Json.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("index").GetInt32()));
        Assert.Equal(429, (await simulator.PostAsync(Path, Two)).Status);
        Assert.Equal(["http500", "incomplete", "shuffle"], simulator.Server.Ledger.Select(e => e.Outcome));
    }

    [Fact]
    public async Task Gemini_embeds_one_or_a_batch_that_names_the_model_in_every_item()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Gemini });
        var one = await simulator.PostAsync("/v1beta/models/e:embedContent", """{"model":"models/e","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT","outputDimensionality":64}""");
        var vector = Floats(one.Json.GetProperty("embedding").GetProperty("values"));
        Assert.Equal(64, vector.Length);
        var batch = await BatchAsync("""{"model":"models/e","content":{"parts":[{"text":"a"}]},"output_dimensionality":64},{"model":"models/e","content":{"parts":[{"text":"b"}]}}""");
        Assert.Equal(vector, Floats(batch.Json.GetProperty("embeddings")[0].GetProperty("values")));
        Assert.Equal(2, batch.Json.GetProperty("embeddings").GetArrayLength());
        Assert.Equal("* BatchEmbedContentsRequest.requests[0].model: unexpected model name format\n", (await BatchAsync("""{"content":{"parts":[{"text":"a"}]}}""")).Message);
        Assert.Equal("* BatchEmbedContentsRequest.requests[0].model: model must be models/e\n", (await BatchAsync("""{"model":"models/f","content":{"parts":[{"text":"a"}]}}""")).Message);
        var many = string.Join(',', Enumerable.Repeat("""{"model":"models/e","content":{"parts":[{"text":"a"}]}}""", 101));
        Assert.Equal("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n", (await BatchAsync(many)).Message);

        Task<Reply> BatchAsync(string items) => simulator.PostAsync("/v1beta/models/e:batchEmbedContents", $$"""{"requests":[{{items}}]}""");
    }

    [Fact]
    public async Task Ollama_cuts_what_is_too_long_unless_it_is_told_not_to_and_nothing_is_no_mistake()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Ollama, ContextTokens = 10 });
        var long_ = Quote(new string('x', 100));
        var cut = await simulator.PostAsync("/api/embed", $$"""{"model":"e","input":[{{long_}},"b"]}""");
        Assert.Equal((2, 11), (cut.Json.GetProperty("embeddings").GetArrayLength(), cut.Json.GetProperty("prompt_eval_count").GetInt32()));
        var refused = await simulator.PostAsync("/api/embed", $$"""{"model":"e","input":{{long_}},"truncate":false}""");
        Assert.Equal((400, """{"error":"the input length exceeds the context length"}"""), (refused.Status, refused.Text));
        Assert.Equal(0, (await simulator.PostAsync("/api/embed", """{"model":"e","input":""}""")).Json.GetProperty("embeddings").GetArrayLength());
        Assert.Equal(200, (await simulator.PostAsync(Path, """{"model":"e","input":"a"}""")).Status);
    }

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetSingle())];

    private static double Dot(float[] a, float[] b) => a.Zip(b).Sum(p => (double)p.First * p.Second);
}
