using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers.Ollama;

public sealed class OllamaFailureTests
{
    public static TheoryData<int, string, FailureKind> Examples => new()
    {
        { 404, """{"error":"model 'm-1' not found"}""", FailureKind.ModelRefused },
        { 404, """{"error":"model \"m-1\" not found, try pulling it first"}""", FailureKind.ModelRefused },
        { 400, """{"error":"\"nomic-embed-text\" does not support chat"}""", FailureKind.ModelRefused },
        { 404, "404 page not found", FailureKind.BadRequest },
        { 400, """{"error":"json: cannot unmarshal number into Go struct field ChatRequest.model of type string"}""", FailureKind.BadRequest },
        { 401, """{"error":"unauthorized"}""", FailureKind.KeyRefused },
        { 429, """{"error":"too many concurrent requests"}""", FailureKind.RateLimited },
        { 499, """{"error":"request canceled"}""", FailureKind.Unavailable },
        { 500, """{"error":"an error was encountered while running the model: unexpected EOF"}""", FailureKind.Unavailable },
        { 502, """{"error":"upstream error"}""", FailureKind.Unavailable },
        { 503, """{"error":"server busy, please try again.  maximum pending requests exceeded"}""", FailureKind.Unavailable },
        { 500, """{"error":"timed out waiting for llama runner to start - progress 0.40 - "}""", FailureKind.Unavailable },
        { 500, """{"error":"llama runner process has terminated: exit status 2"}""", FailureKind.Unavailable },

        // Memory, up to 0.29 and from 0.30 on
        { 500, """{"error":"model requires more system memory (5.6 GiB) than is available (3.1 GiB)"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"memory layout cannot be allocated"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"memory layout cannot be allocated with num_gpu = 99"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"llama runner process has terminated: cudaMalloc failed: out of memory"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"llama runner process has terminated: signal: killed"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"llama-server process has terminated: error: failed to allocate buffer"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"llama-server reported out-of-memory during startup: CUDA0"}""", FailureKind.OutOfMemory },
        { 500, """{"error":"model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details"}""", FailureKind.OutOfMemory },

        // Form
        { 500, """{"error":"invalid JSON schema in format"}""", FailureKind.FormRefused },
        { 400, """{"error":"json: cannot unmarshal object into Go struct field ChatRequest.format of type string"}""", FailureKind.FormRefused },
        { 400, """{"error":"invalid format: \"x\"; expected \"json\" or a valid JSON Schema object"}""", FailureKind.FormRefused },
        { 500, """{"error":"failed to load model vocabulary required for format"}""", FailureKind.FormRefused },
        { 500, """{"error":"failed to parse grammar"}""", FailureKind.FormRefused },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Each_refusal_is_told_for_what_it_is(int status, string body, FailureKind kind)
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(status, body), Given.Route("ollama"), form: StructuredOutput.Schema);
        Assert.Equal((kind, status), (failure.Kind, failure.HttpStatus));
    }

    [Fact]
    public async Task A_model_that_is_not_there_comes_with_the_command_that_gets_it()
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(404, """{"error":"model 'm-1' not found"}"""), Given.Route("ollama"));
        Assert.Equal("model 'm-1' not found; get it with: ollama pull m-1", failure.Message);
    }

    [Fact]
    public async Task Too_little_memory_comes_with_what_was_tried_and_what_to_do()
    {
        var http = new ScriptedHttp().Reply(500, """{"error":"model requires more system memory (5.6 GiB) than is available (3.1 GiB)"}""");
        var result = await Given.Client(http, Given.Route("ollama")).AskAsync(Given.Request() with { InputTokens = 5000 });
        Assert.Equal((FailureKind.OutOfMemory, 8192), (result.Failure!.Kind, result.ContextTokens));
        Assert.Contains("a smaller model", result.Failure.Message, StringComparison.Ordinal);
    }
}
