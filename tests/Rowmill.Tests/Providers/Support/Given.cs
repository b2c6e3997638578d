using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers;

namespace Rowmill.Tests.Providers;

/// <summary>Routes, requests and clients for tests.</summary>
internal static class Given
{
    public const string Key = "sk-proj-Zq8/vT3+xW5yB7nD9fH1kM4pR6sU0aCe";

    public const string Schema =
        """{"type":"object","required":["rows"],"properties":{"rows":{"type":"array","items":{"type":"object","required":["id","mood"],"properties":{"id":{"type":"integer"},"mood":{"enum":["High","Low"]},"why":{"type":"string","maxLength":80}}}}}}""";

    public static Route Route(string provider, string model = "m-1", string? baseUrl = null) => new()
    {
        Provider = provider,
        Model = model,
        BaseUrl = baseUrl ?? (provider == "ollama" ? "http://localhost:11434" : "https://api.test/v1"),
        ApiKeyEnv = "TEST_API_KEY",
        ContextTokens = 8192,
        MaxOutputTokens = 4096,
        Timeout = TimeSpan.FromSeconds(60),
    };

    public static ModelRequest Request(StructuredOutput form = StructuredOutput.Text, string user = """{"rows":[{"id":1}]}""") => new()
    {
        System = "Answer in JSON.",
        User = Encoding.UTF8.GetBytes(user),
        ReplySchema = Encoding.UTF8.GetBytes(Schema),
        Form = form,
        MaxOutputTokens = 800,
        Sampling = new SamplingOptions(),
    };

    public static IModelClient Client(ScriptedHttp http, Route? route = null, TimeProvider? clock = null, string key = Key) =>
        ModelClients.Create(route ?? Route("openai"), new ApiKeys(_ => key), clock ?? TimeProvider.System, http);

    public static async Task<ModelFailure> Failure(
        ScriptedHttp http, Route? route = null, TimeProvider? clock = null, StructuredOutput form = StructuredOutput.StrictSchema)
    {
        var result = await Client(http, route, clock).AskAsync(Request(form));
        Assert.False(result.Succeeded);
        return result.Failure;
    }

    public static async Task<ModelReply> Reply(string body)
    {
        var result = await Client(new ScriptedHttp().Reply(200, body)).AskAsync(Request());
        Assert.True(result.Succeeded, result.Failure?.Message);
        return result.Reply;
    }

    public static string Utf8(ReadOnlyMemory<byte> text) => Encoding.UTF8.GetString(text.Span);
}
