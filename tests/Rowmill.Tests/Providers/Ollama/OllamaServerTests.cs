using System.Net.Sockets;
using Rowmill.Core.Models;
using Rowmill.Providers.Ollama;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers.Ollama;

public sealed class OllamaServerTests
{
    private readonly FakeOllama _ollama = new();
    private readonly VirtualClock _clock = new();

    [Fact]
    public async Task A_server_is_found_with_its_models()
    {
        var server = await FindAsync();
        Assert.Equal(("http://localhost:11434", "0.30.1"), (server!.Address, server.Version));
        Assert.Equal(["llama3.1:8b", "nomic-embed-text:latest", "qwen3:4b"], server.Models.Select(m => m.Name));
        var llama = server.Find("llama3.1:8b")!;
        Assert.Equal((4_900_000_000, 131_072, "8.0B", "Q4_K_M", 0), (llama.SizeBytes, llama.ContextTokens, llama.Parameters, llama.Quantization, llama.LoadedBytes));
        Assert.Equal(["completion", "tools"], llama.Capabilities);
        Assert.Equal((3_500_000_000, 500_000_000), (server.Find("qwen3:4b")!.LoadedBytes, server.Find("qwen3:4b")!.VramBytes));
        Assert.False(server.Find("nomic-embed-text")!.IsChat);
        Assert.Null(server.Find("llama3.1"));
    }

    [Fact]
    public async Task The_variable_says_where()
    {
        await FindAsync("0.0.0.0:1234");
        Assert.All(_ollama.Asked, address => Assert.StartsWith("http://127.0.0.1:1234/api/", address, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "http://localhost:11434")]
    [InlineData(" ", "http://localhost:11434")]
    [InlineData("0.0.0.0", "http://127.0.0.1:11434")]
    [InlineData("\"0.0.0.0:8080\"", "http://127.0.0.1:8080")]
    [InlineData(":8080", "http://127.0.0.1:8080")]
    [InlineData("box", "http://box:11434")]
    [InlineData("box/ollama/", "http://box:11434/ollama")]
    [InlineData("http://box", "http://box")]
    [InlineData("https://box:8443/x", "https://box:8443/x")]
    [InlineData("[::1]:8080", "http://[::1]:8080")]
    [InlineData("::1", "http://[::1]:11434")]
    [InlineData("[::]", "http://127.0.0.1:11434")]
    [InlineData("ftp://box", null)]
    [InlineData("http://me:secret@box", null)]
    [InlineData("not an address", null)]
    public void Its_value_is_read_as_Ollama_reads_it(string? host, string? address) => Assert.Equal(address, OllamaServer.AddressOf(host));

    [Fact]
    public void The_default_is_that_of_the_provider() => Assert.Equal(OllamaServer.DefaultAddress, KnownProviders.Find("ollama")!.BaseUrl);

    [Fact]
    public async Task Nothing_is_found_where_nothing_answers_as_Ollama()
    {
        _ollama.Answers["/api/version"] = """{"name":"another"}""";
        Assert.Null(await FindAsync());
        _ollama.Answers["/api/version"] = "<html>";
        Assert.Null(await FindAsync());
        _ollama.Answers.Clear();
        Assert.Null(await FindAsync());
        _ollama.Broken = new HttpRequestException(HttpRequestError.ConnectionError, "no", new SocketException((int)SocketError.ConnectionRefused));
        Assert.Null(await FindAsync());
    }

    [Fact]
    public async Task A_server_that_says_nothing_holds_nobody_up_for_more_than_two_seconds()
    {
        _ollama.Hanging.Add("/api/version");
        var found = FindAsync();
        await _ollama.Reached.Task;
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await found.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task What_is_told_in_time_counts()
    {
        _ollama.Hanging.Add("/api/show");
        var found = FindAsync();
        await _ollama.Reached.Task;
        _clock.Advance(TimeSpan.FromSeconds(2));
        var server = await found.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(3, server!.Models.Count);
        Assert.All(server.Models, m => Assert.Null(m.ContextTokens));
    }

    private Task<OllamaServer?> FindAsync(string? host = null) =>
        OllamaServer.FindAsync(name => name == "OLLAMA_HOST" ? host : null, _clock, _ollama, TestContext.Current.CancellationToken);
}
