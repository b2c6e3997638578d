using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Ollama;

/// <summary>What a look at a server found.</summary>
/// <param name="Server">The server; null when none answered as one.</param>
/// <param name="Failure">Why not; null when it did.</param>
internal sealed record OllamaFound(OllamaServer? Server, ModelFailure? Failure);

/// <summary>Asks an Ollama server what it is and has: /api/version, /api/tags, /api/ps and /api/show, all within one short time.</summary>
/// <param name="address">The server, without /api.</param>
/// <param name="key">A proxy's key; null for none.</param>
/// <param name="clock">The clock of the look.</param>
/// <param name="handler">Sends the requests; null for the process's shared connections.</param>
/// <param name="longest">How long it may take; null for <see cref="OllamaServer.LongestLook"/>.</param>
internal sealed class OllamaLook(string address, string? key, TimeProvider clock, HttpMessageHandler? handler, TimeSpan? longest = null)
{
    /// <summary>Models asked about at once: the server reads a file for each.</summary>
    private const int Together = 4;

    private readonly HttpMessageInvoker _http = handler is null ? SharedHttp.For(new Uri(address)) : new HttpMessageInvoker(handler, disposeHandler: false);
    private readonly TimeSpan _longest = longest ?? OllamaServer.LongestLook;
    private readonly long _began = clock.GetTimestamp();

    /// <summary>The server with every model.</summary>
    public Task<OllamaFound> AllAsync(CancellationToken cancellationToken) => LookAsync(null, cancellationToken);

    /// <summary>The server, with the details of one model.</summary>
    public Task<OllamaFound> OneAsync(string model, CancellationToken cancellationToken) => LookAsync(model, cancellationToken);

    private async Task<OllamaFound> LookAsync(string? only, CancellationToken cancellationToken)
    {
        var (version, failure) = await GetAsync("/api/version", null, cancellationToken).ConfigureAwait(false);
        if (version is null) return new OllamaFound(null, failure);
        if (JsonText.Of(version.Value, "version") is not { } number)
            return new OllamaFound(null, new ModelFailure(FailureKind.BadReply, $"what answers at {address} is no Ollama server"));

        var tags = GetAsync("/api/tags", null, cancellationToken).AsTask();
        var loaded = (await GetAsync("/api/ps", null, cancellationToken).ConfigureAwait(false)).Answer;
        var (listed, notListed) = await tags.ConfigureAwait(false);
        if (listed is null) return new OllamaFound(null, notListed);
        var server = new OllamaServer(address, number, [.. Models(listed.Value).Select(m => m with { LoadedBytes = Size(loaded, m.Name, "size"), VramBytes = Size(loaded, m.Name, "size_vram") })]);

        var models = server.Models.ToArray();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, models.Length).Where(i => only is null || server.Find(only) == models[i]),
            new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancellationToken },
            async (i, _) =>
            {
                var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["model"] = models[i].Name });
                if ((await GetAsync("/api/show", body, cancellationToken).ConfigureAwait(false)).Answer is { } shown) models[i] = Shown(models[i], shown);
            }).ConfigureAwait(false);
        Array.Sort(models, (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new OllamaFound(new OllamaServer(address, number, models), null);
    }

    private static IEnumerable<OllamaModel> Models(JsonElement tags)
    {
        foreach (var entry in Entries(tags))
        {
            if ((JsonText.Of(entry, "model") ?? JsonText.Of(entry, "name")) is not { } name) continue;
            var details = Object(entry, "details");
            yield return new OllamaModel(name, Number(entry, "size") ?? 0)
            {
                Parameters = details is { } d ? JsonText.Of(d, "parameter_size") : null,
                Quantization = details is { } q ? JsonText.Of(q, "quantization_level") : null,
            };
        }
    }

    private static OllamaModel Shown(OllamaModel model, JsonElement shown)
    {
        int? context = null;
        if (Object(shown, "model_info") is { } info)
        {
            // "llama.context_length", after the model's architecture.
            foreach (var property in info.EnumerateObject())
                if (property.Name.EndsWith(".context_length", StringComparison.Ordinal) && Number(info, property.Name) is > 0 and <= int.MaxValue and var tokens) context = (int)tokens;
        }

        string[] capabilities = shown.TryGetProperty("capabilities", out var list) && list.ValueKind is JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(JsonText.Of).OfType<string>()] : [];
        return model with { ContextTokens = context, Capabilities = capabilities };
    }

    private static long Size(JsonElement? loaded, string model, string field) => loaded is { } list
        ? Entries(list).Where(e => (JsonText.Of(e, "model") ?? JsonText.Of(e, "name")) == model).Select(e => Number(e, field) ?? 0).FirstOrDefault() : 0;

    private static IEnumerable<JsonElement> Entries(JsonElement list) =>
        list.TryGetProperty("models", out var models) && models.ValueKind is JsonValueKind.Array
            ? models.EnumerateArray().Where(e => e.ValueKind is JsonValueKind.Object) : [];

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Object ? value : null;

    private static long? Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    /// <summary>An answer that is an object, or why there is none.</summary>
    private async ValueTask<(JsonElement? Answer, ModelFailure? Failure)> GetAsync(string path, byte[]? body, CancellationToken cancellationToken)
    {
        var left = _longest - clock.GetElapsedTime(_began);
        if (left <= TimeSpan.Zero) return (null, new ModelFailure(FailureKind.TimedOut, $"no reply from {address} within {_longest.TotalSeconds:0} s"));
        using var message = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, address + path);
        foreach (var (name, value) in HttpChannel.CommonHeaders) message.Headers.TryAddWithoutValidation(name, value);
        if (key is not null) message.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        }

        using var answer = await new HttpChannel(_http, clock, address, left).SendAsync(message, null, cancellationToken).ConfigureAwait(false);
        if (answer.Response is not { } response || answer.Failure is not null) return (null, answer.Failure);
        if (!response.IsSuccessStatusCode)
        {
            var words = new SecretMask(key).Hide(Evidence.OneLine(ServiceError.Read(answer.Body!.Memory).Message ?? ""));
            var kind = (int)response.StatusCode is 401 or 403 ? FailureKind.KeyRefused : FailureKind.BadReply;
            return (null, new ModelFailure(kind, $"{address}{path} answers with HTTP {(int)response.StatusCode}: {words}") { HttpStatus = (int)response.StatusCode });
        }

        try
        {
            using var json = JsonDocument.Parse(answer.Body!.Memory);
            if (json.RootElement.ValueKind is JsonValueKind.Object) return (json.RootElement.Clone(), null);
        }
        catch (JsonException)
        {
            // Told below, as for JSON of another kind.
        }

        return (null, new ModelFailure(FailureKind.BadReply, $"what answers at {address} is no Ollama server"));
    }
}
