using System.Net;
using System.Text.Json.Nodes;

namespace Rowmill.Tests.Providers.Ollama;

/// <summary>The part of an Ollama server that tells what it is and has.</summary>
internal sealed class FakeOllama : HttpMessageHandler
{
    private readonly Lock _gate = new();

    /// <summary>What each path answers; others are not there.</summary>
    public Dictionary<string, string> Answers { get; } = new(StringComparer.Ordinal)
    {
        ["/api/version"] = """{"version":"0.30.1"}""",
        ["/api/tags"] = """
            {"models":[{"name":"qwen3:4b","model":"qwen3:4b","modified_at":"2026-10-01T00:00:00Z","size":2600000000,"digest":"d","details":{"family":"qwen3","parameter_size":"4.0B","quantization_level":"Q4_K_M"}},
              {"name":"nomic-embed-text:latest","model":"nomic-embed-text:latest","size":274000000,"details":{}},
              {"name":"llama3.1:8b","model":"llama3.1:8b","size":4900000000,"details":{"parameter_size":"8.0B","quantization_level":"Q4_K_M"}}]}
            """,
        ["/api/ps"] = """{"models":[{"name":"qwen3:4b","model":"qwen3:4b","size":3500000000,"size_vram":500000000,"context_length":8192}]}""",
        ["llama3.1:8b"] = """{"details":{},"model_info":{"general.architecture":"llama","llama.context_length":131072},"capabilities":["completion","tools"],"parameters":"stop \"x\""}""",
        ["qwen3:4b"] = """{"model_info":{"qwen3.context_length":8000},"capabilities":["completion","thinking"]}""",
        ["nomic-embed-text:latest"] = """{"model_info":{"nomic-bert.context_length":2048},"capabilities":["embedding"]}""",
    };

    /// <summary>Thrown by every request; null for none.</summary>
    public Exception? Broken { get; set; }

    /// <summary>Paths that never answer.</summary>
    public HashSet<string> Hanging { get; } = new(StringComparer.Ordinal);

    /// <summary>The addresses asked, in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Completes when a path that never answers is asked.</summary>
    public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_gate) Asked.Add(request.RequestUri!.AbsoluteUri);
        if (Broken is not null) throw Broken;
        var path = request.RequestUri.AbsolutePath;
        if (Hanging.Contains(path))
        {
            Reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        if (path == "/api/show") path = (string)JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!["model"]!;
        return Answers.TryGetValue(path, out var answer)
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer) }
            : new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("404 page not found") };
    }
}
