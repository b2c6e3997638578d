using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

public sealed class OpenAiDialectTests
{
    [Theory]
    [InlineData("openai", "gpt-5-mini", StructuredOutput.StrictSchema)]
    [InlineData("openai", "gpt-4o-mini", StructuredOutput.StrictSchema)]
    [InlineData("openai", "gpt-4.1", StructuredOutput.StrictSchema)]
    [InlineData("openai", "gpt-4-turbo", StructuredOutput.JsonMode)]
    [InlineData("openai", "gpt-4", StructuredOutput.JsonMode)]
    [InlineData("openai", "gpt-3.5-turbo", StructuredOutput.JsonMode)]
    [InlineData("groq", "openai/gpt-oss-120b", StructuredOutput.StrictSchema)]
    [InlineData("groq", "qwen/qwen3.8-27b", StructuredOutput.Schema)]
    [InlineData("groq", "llama-3.3-70b-versatile", StructuredOutput.JsonMode)]
    [InlineData("groq", "llama-3.1-8b-instant", StructuredOutput.JsonMode)]
    [InlineData("ollama", "llama3.1:8b", StructuredOutput.Schema)]
    [InlineData("simulator", "any", StructuredOutput.StrictSchema)]
    [InlineData("openai-compatible", "any", StructuredOutput.Schema)]
    public void Each_model_is_asked_in_the_best_form_it_takes(string provider, string model, StructuredOutput form) =>
        Assert.Equal(form, Given.Client(new ScriptedHttp(), Given.Route(provider, model)).StructuredOutput);

    [Theory]
    [InlineData("https://x.openai.azure.com/openai/deployments/d", "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21", "api-key")]
    [InlineData("https://x.openai.azure.com/openai/v1", "https://x.openai.azure.com/openai/v1/chat/completions", "api-key")]
    [InlineData("https://gateway.test/openai/deployments/d/", "https://gateway.test/openai/deployments/d/chat/completions?api-version=2024-10-21", "api-key")]
    [InlineData("https://generativelanguage.googleapis.com/v1beta/openai", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "Authorization")]
    [InlineData("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions", "Authorization")]
    public async Task Compatible_servers_are_asked_where_they_answer_with_the_key_where_they_look_for_it(string baseUrl, string url, string header)
    {
        var http = new ScriptedHttp().Reply(200, """{"choices":[{"message":{"content":"{}"}}]}""");
        await Given.Client(http, Given.Route("openai-compatible", baseUrl: baseUrl)).AskAsync(Given.Request());
        Assert.Equal(url, http.Url!.AbsoluteUri);
        Assert.Contains(Given.Key, http.Headers[header], StringComparison.Ordinal);
        Assert.Equal(header == "api-key", !http.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Azures_wait_in_milliseconds_is_believed()
    {
        var http = new ScriptedHttp().Reply(
            429, """{"error":{"code":"429","message":"Requests have exceeded the token rate limit of your tier."}}""", ("retry-after-ms", "25500"), ("retry-after", "26"));
        Assert.Equal(TimeSpan.FromSeconds(25.5), (await Given.Failure(http, Given.Route("openai-compatible"))).RetryAfter);
    }
}
