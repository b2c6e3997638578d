using System.Net.Sockets;
using Rowmill.Core.Models;
using Rowmill.Providers;
using Rowmill.Providers.Ollama;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers.Ollama;

public sealed class LocalServersTests
{
    private readonly FakeOllama _ollama = new();
    private readonly VirtualClock _clock = new();
    private long? _free = 16_000_000_000;
    private string? _host;

    [Fact]
    public async Task A_model_that_is_there_with_room_for_it_is_in_order()
    {
        Assert.Empty(await CheckAsync(Route("llama3.1:8b")));
        Assert.DoesNotContain(_ollama.Asked, a => a.EndsWith("/api/show", StringComparison.Ordinal) && _ollama.Asked.Count(b => b == a) > 1);
    }

    [Fact]
    public async Task Other_providers_are_not_looked_at()
    {
        Assert.Empty(await CheckAsync(Given.Route("groq"), Given.Route("openai-compatible", baseUrl: "http://localhost:11434/v1")));
        Assert.Empty(_ollama.Asked);
    }

    [Fact]
    public async Task A_missing_model_is_an_error_with_the_command_that_gets_it()
    {
        var finding = Assert.Single(await CheckAsync(Given.Route("groq"), Route("llama3.1:70b")));
        Assert.True(finding.IsFatal);
        Assert.Equal(
            "models[1].model: The Ollama server at http://localhost:11434 has no model llama3.1:70b; it has llama3.1:8b, nomic-embed-text:latest, qwen3:4b. Get it with: ollama pull llama3.1:70b",
            finding.Problem.ToString());
    }

    [Fact]
    public async Task A_server_that_is_not_running_is_an_error_for_the_first_model_and_a_warning_for_a_later_one()
    {
        Break();
        Assert.Equal([true, false], (await CheckAsync(Route("a"), Route("b"))).Select(f => f.IsFatal));
        var finding = Assert.Single(await CheckAsync(Given.Route("groq"), Route("a")));
        Assert.Equal(
            "models[1].model: ollama/a is not there: cannot connect to http://localhost:11434: connection refused; is the server running? Start it with: ollama serve",
            finding.Problem.ToString());
    }

    [Fact]
    public async Task The_only_model_that_is_used_counts_as_the_first()
    {
        Break();
        Route[] routes = [Given.Route("groq"), Route("a")];
        Assert.True(Assert.Single(await Servers().CheckAsync(routes, "ollama/a", TestContext.Current.CancellationToken)).IsFatal);
        Assert.Empty(await Servers().CheckAsync(routes, "groq/m-1", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Where_the_variable_names_another_server_it_is_told()
    {
        Break();
        _host = "box:1234";
        Assert.Contains("write base_url: http://box:1234", Assert.Single(await CheckAsync(Route("a"))).Problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_slow_to_answer_is_a_warning()
    {
        _ollama.Hanging.Add("/api/tags");
        var found = CheckAsync(Route("llama3.1:8b"));
        await _ollama.Reached.Task;
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(Assert.Single(await found.WaitAsync(TimeSpan.FromSeconds(30))).IsFatal);
    }

    [Fact]
    public async Task A_model_that_writes_no_text_is_an_error()
    {
        var finding = Assert.Single(await CheckAsync(Route("nomic-embed-text")));
        Assert.True(finding.IsFatal);
        Assert.Contains("it is for embedding", finding.Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_made_for_less_context_bounds_what_is_asked_of_it()
    {
        var (servers, route) = (Servers(), Route("qwen3:4b"));
        Assert.Equal(16_384, servers.ContextOf(route));
        var finding = Assert.Single(await servers.CheckAsync([route], null, TestContext.Current.CancellationToken));
        Assert.Equal(("models[0].context", false, "Write context: 8000."), (finding.Problem.Key, finding.IsFatal, finding.Problem.Fix));
        Assert.Equal(8000, servers.ContextOf(route));
        var smaller = route with { ContextTokens = 4000 };
        Assert.Empty(await servers.CheckAsync([smaller], null, TestContext.Current.CancellationToken));
        Assert.Equal(4000, servers.ContextOf(smaller));
    }

    [Theory]
    [InlineData(2_300_000_000L, false)] // 3 GB of what is loaded now would make room
    [InlineData(1_000_000_000L, true)]
    [InlineData(null, false)]
    public async Task A_model_larger_than_the_memory_that_is_free_is_a_warning(long? free, bool warns)
    {
        _free = free;
        var findings = await CheckAsync(Route("llama3.1:8b"));
        Assert.Equal(warns, findings.Count == 1);
        if (!warns) return;
        Assert.False(findings[0].IsFatal);
        Assert.Contains("takes about 4.9 GB and its context more, and 4.0 GB", findings[0].Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loaded_model_and_one_on_another_machine_need_no_memory_here()
    {
        _free = 0;
        Assert.Empty(await CheckAsync(Route("qwen3:4b") with { ContextTokens = 4096 }));
        Assert.Empty(await CheckAsync(Route("llama3.1:8b") with { BaseUrl = "http://box:11434" }));
    }

    private void Break() => _ollama.Broken = new HttpRequestException(HttpRequestError.ConnectionError, "no", new SocketException((int)SocketError.ConnectionRefused));

    private static Route Route(string model) => Given.Route("ollama", model) with { ApiKeyEnv = null, ContextTokens = 16_384 };

    private Task<IReadOnlyList<LocalFinding>> CheckAsync(params Route[] routes) => Servers().CheckAsync(routes, null, TestContext.Current.CancellationToken);

    private LocalServers Servers() => new(new ApiKeys(_ => null), name => name == "OLLAMA_HOST" ? _host : null, _clock, _ollama, () => _free);
}
