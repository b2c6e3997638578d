using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Simulator;

/// <summary>A simulator on a clock of its own, and a plain HTTP client with hand-written JSON.</summary>
internal sealed class SimulatorHarness : IAsyncDisposable
{
    /// <summary>A reply schema as a job would send it: a label, labels, a sentence, a nullable number; or an abstention.</summary>
    public const string RowSchema = """
        {"type":"object","properties":{"id":{"type":"integer"},"energy":{"type":"string","enum":["Low","Medium","High"]},
        "tags":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","enum":["a","b","c","d"]}},
        "reasoning":{"type":"string"},"score":{"type":["integer","null"],"minimum":1,"maximum":5}},
        "required":["id","energy","tags","reasoning","score"],"additionalProperties":false}
        """;

    public const string Abstention = """
        {"type":"object","properties":{"id":{"type":"integer"},"abstain":{"type":"string"}},"required":["id","abstain"],"additionalProperties":false}
        """;

    private SimulatorHarness(SimulatorServer server, VirtualClock clock)
    {
        Server = server;
        Clock = clock;
        Http = new HttpClient();
        Http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("tests", "1"));
    }

    public SimulatorServer Server { get; }

    public VirtualClock Clock { get; }

    public HttpClient Http { get; }

    public static string Wrapper => Wrap(RowSchema);

    public static async Task<SimulatorHarness> StartAsync(SimulatorOptions? options = null)
    {
        var clock = new VirtualClock();
        return new SimulatorHarness(await SimulatorServer.StartAsync(options ?? new SimulatorOptions(), clock), clock);
    }

    public static string Wrap(string items) =>
        $$"""{"type":"object","properties":{"rows":{"type":"array","items":{{items}} } },"required":["rows"],"additionalProperties":false}""";

    public static string Strict(string schema) =>
        $$"""{"type":"json_schema","json_schema":{"name":"reply","strict":true,"schema":{{schema}} } }""";

    /// <summary>A request about rows with these titles, ids from 1.</summary>
    public static string Body(string[] titles, string? schema = null, string more = "", string system = "Answer as JSON.")
    {
        var rows = string.Join(",", titles.Select((t, i) => $$"""{"id":{{i + 1}},"title":{{Quote(t)}}}"""));
        return $$"""
            {"model":"m","messages":[{"role":"system","content":{{Quote(system)}}},{"role":"user","content":{{Quote($$"""{"rows":[{{rows}}]}""")}}}],
            "response_format":{{Strict(schema ?? Wrapper)}}{{more}}}
            """;
    }

    /// <summary>A request whose estimated prompt (2 tokens) and output limit make so many tokens.</summary>
    public static string Worth(int tokens, string model = "m") =>
        $$"""{"model":"{{model}}","messages":[{"role":"user","content":"12345678"}],"max_completion_tokens":{{tokens - 2}}}""";

    /// <summary>A user message that asks about rows with these titles, as raw JSON of a string.</summary>
    public static string Ask(params string[] titles)
    {
        var rows = string.Join(",", titles.Select((t, i) => $$"""{"id":{{i + 1}},"title":{{Quote(t)}}}"""));
        return Quote($$"""{"rows":[{{rows}}]}""");
    }

    public static string Quote(string text) => JsonSerializer.Serialize(text);

    public async Task<Reply> AskAsync(string body, string? key = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Server.BaseAddress}/chat/completions");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", key);
        return await SendAsync(request, cancellationToken);
    }

    /// <summary>Posts JSON to a path of the server, with headers written as <c>name: value</c>.</summary>
    public async Task<Reply> PostAsync(string path, string body, params string[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Server.BaseAddress, path));
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await SendAsync(request, headers);
    }

    public async Task<Reply> GetAsync(string path, params string[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Server.BaseAddress, path));
        return await SendAsync(request, headers);
    }

    private async Task<Reply> SendAsync(HttpRequestMessage request, string[] headers)
    {
        foreach (var header in headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            request.Headers.TryAddWithoutValidation(header[..colon], header[(colon + 1)..].Trim());
        }

        return await SendAsync(request);
    }

    public async Task<Reply> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken = default)
    {
        using var response = await Http.SendAsync(request, cancellationToken);
        return new Reply(response, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>Asks the server itself again and again until it says so; each look is a round trip.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition()) await Http.GetStringAsync(new Uri(Server.BaseAddress, "/stats"), deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>A reply as it came.</summary>
internal sealed class Reply(HttpResponseMessage response, string text)
{
    private readonly Dictionary<string, string> _headers = response.Headers.Concat(response.Content.Headers)
        .ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase);

    public int Status { get; } = (int)response.StatusCode;

    public string Text { get; } = text;

    public JsonElement Json => JsonElement.Parse(Text);

    public JsonElement Error => Json.GetProperty("error");

    public string Message => Error.GetProperty("message").GetString()!;

    public JsonElement Choice => Json.GetProperty("choices")[0];

    public string? Content => Choice.GetProperty("message").GetProperty("content").GetString();

    public string Finish => Choice.GetProperty("finish_reason").GetString()!;

    public JsonElement[] Rows => [.. JsonElement.Parse(Content!).GetProperty("rows").EnumerateArray()];

    public int[] Ids => [.. Rows.Select(r => r.GetProperty("id").GetInt32())];

    public string? Header(string name) => _headers.GetValueOrDefault(name);

    public string? ErrorField(string name) => Error.TryGetProperty(name, out var value) ? value.GetString() : null;
}
