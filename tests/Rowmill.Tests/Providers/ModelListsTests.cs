using System.Net;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers;

public sealed class ModelListsTests
{
    private const string Key = "sk-a-secret-of-twenty-four";

    [Theory]
    [InlineData("groq", """{"data":[{"id":"b","active":true,"context_window":131072,"max_completion_tokens":65536},{"id":"gone","active":false},{"id":"a b"},{"id":7,"x":[]},"?"]}""", "b 131072 65536")]
    [InlineData("openai-compatible", """{"object":"list","data":[{"id":"q","max_model_len":8192}]}""", "q 8192 ")]
    [InlineData("openai-compatible", """[{"id":"q","context_length":4096}]""", "q 4096 ")]
    [InlineData("anthropic", """{"data":[{"type":"model","id":"c","max_input_tokens":200000,"max_tokens":64000}],"has_more":false}""", "c 200000 64000")]
    [InlineData("anthropic", """{"data":[{"type":"model","id":"c"}],"has_more":true,"last_id":"c"}""", "c  ")]
    [InlineData("gemini", """{"models":[{"name":"models/g","inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent"]},{"name":"models/embed","supportedGenerationMethods":["embedContent"]},{"name":"models/none"}]}""", "g 1048576 65536")]
    [InlineData("gemini", "{}", "")]
    public async Task The_list_of_each_service_is_read(string provider, string body, string models)
    {
        var list = await AskAsync(provider, HttpStatusCode.OK, body);
        Assert.Null(list.Failure);
        Assert.Equal(models, string.Join(", ", list.Models.Select(m => $"{m.Name} {m.ContextTokens} {m.MaxOutputTokens}").Where(m => !m.StartsWith("7 ", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, """{"error":{"message":"Incorrect API key provided: sk-a-secret-of-twenty-four"}}""", FailureKind.KeyRefused)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "", FailureKind.Unavailable)]
    [InlineData(HttpStatusCode.OK, "<html>", FailureKind.BadReply)]
    [InlineData(HttpStatusCode.OK, """{"object":"list"}""", FailureKind.BadReply)]
    public async Task What_gives_no_list_is_a_failure_without_the_key(HttpStatusCode status, string body, FailureKind kind)
    {
        var list = await AskAsync("openai", status, body);
        Assert.Equal((kind, 0), (list.Failure!.Kind, list.Models.Count));
        Assert.DoesNotContain(Key, list.Failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_no_header_can_carry_is_not_sent()
    {
        var list = await ModelLists.ListAsync("openai", "https://api.test/v1", "K", new ApiKeys(_ => "a b"), new VirtualClock(), new Canned(HttpStatusCode.OK, "{}"), TestContext.Current.CancellationToken);
        Assert.Equal(FailureKind.KeyRefused, list.Failure!.Kind);
    }

    private static Task<ModelList> AskAsync(string provider, HttpStatusCode status, string body) => ModelLists.ListAsync(
        provider, "https://api.test", "K", new ApiKeys(_ => Key), new VirtualClock(), new Canned(status, body), TestContext.Current.CancellationToken);

    private sealed class Canned(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body) });
    }
}
