using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers;

/// <summary>A model as a service's own list tells it.</summary>
/// <param name="Name">The provider's name of it.</param>
public sealed record OfferedModel(string Name)
{
    /// <summary>The largest prompt (or prompt and reply) in tokens; null when the service does not say.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>The largest reply in tokens; null when the service does not say.</summary>
    public int? MaxOutputTokens { get; init; }
}

/// <summary>What came of asking a service for its models.</summary>
/// <param name="Models">The models, by name; empty after a failure.</param>
/// <param name="Failure">Why there is no list; null when there is.</param>
public sealed record ModelList(IReadOnlyList<OfferedModel> Models, ModelFailure? Failure);

/// <summary>Asks services which models a key can reach. It costs nothing and counts in no window.</summary>
public static class ModelLists
{
    /// <summary>A list is small and needs no model: a service that is there sends it within a second or two.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    // Both services that list by pages take a thousand on one; more pages than this are a service that goes in circles.
    private const int MostPages = 20;

    /// <summary>Asks a service for its models.</summary>
    /// <param name="provider">Whose wire it speaks: any known provider but <c>ollama</c>, whose models <see cref="Ollama.OllamaServer"/> tells.</param>
    /// <param name="baseUrl">Its address, as a route has it.</param>
    /// <param name="keyVariable">The environment variable with its key; null for none.</param>
    /// <param name="keys">Where the key is read from.</param>
    /// <param name="clock">The clock of the wait.</param>
    /// <param name="handler">Sends the requests; null for the process's shared connections. It is not disposed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The list, or why there is none: a refused key, a service that is not there.</returns>
    public static async Task<ModelList> ListAsync(
        string provider, string baseUrl, string? keyVariable, ApiKeys keys, TimeProvider clock,
        HttpMessageHandler? handler = null, CancellationToken cancellationToken = default)
    {
        var route = Route.Of(provider, "models", baseUrl) with { ApiKeyEnv = keyVariable, Timeout = LongestWait };
        if (ModelClients.Check(route, keys) is [var problem, ..]) return new ModelList([], new ModelFailure(FailureKind.KeyRefused, problem.Message));
        var http = handler is null ? SharedHttp.For(new Uri(baseUrl)) : new HttpMessageInvoker(handler, disposeHandler: false);
        return await new Asking(ModelClients.Protocol(route, clock), keys.Find(route), clock, http).AllAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The pages of one list.</summary>
    private sealed class Asking(ChatProtocol protocol, string? key, TimeProvider clock, HttpMessageInvoker http)
    {
        private readonly SecretMask _mask = new(key);
        private readonly string _address = protocol.Route.BaseUrl;

        // Gemini: ai.google.dev/api/models#method:-models.list; Anthropic: docs.anthropic.com/en/api/models-list; the others: GET /models beside /chat/completions.
        private readonly (string Path, string Next) _wire = protocol.Route.Provider switch
        {
            "gemini" => ("/v1beta/models?pageSize=1000", "&pageToken="),
            "anthropic" => ("/v1/models?limit=1000", "&after_id="),
            _ => ("/models", ""),
        };

        public async Task<ModelList> AllAsync(CancellationToken cancellationToken)
        {
            var models = new Dictionary<string, OfferedModel>(StringComparer.Ordinal);
            var next = "";
            for (var page = 0; page < MostPages; page++)
            {
                var url = _address + _wire.Path + (next.Length == 0 ? "" : _wire.Next + Uri.EscapeDataString(next));
                var (answer, failure) = await GetAsync(new Uri(url), cancellationToken).ConfigureAwait(false);
                if (answer is not { } list) return new ModelList([], failure);
                if (Entries(list) is not { } entries) return new ModelList([], NoList());
                foreach (var entry in entries)
                    if (Read(entry) is { } model) models.TryAdd(model.Name, model);
                if (Next(list) is not { } token || token == next) break;
                next = token;
            }

            return new ModelList([.. models.Values.OrderBy(m => m.Name, StringComparer.Ordinal)], null);
        }

        private string? Next(JsonElement list) => protocol.Route.Provider switch
        {
            "gemini" => JsonText.Of(list, "nextPageToken"),
            "anthropic" => list.TryGetProperty("has_more", out var more) && more.ValueKind is JsonValueKind.True ? JsonText.Of(list, "last_id") : null,
            _ => null,
        };

        private IReadOnlyList<JsonElement>? Entries(JsonElement list)
        {
            // Gemini leaves an empty list out; Together sends the bare array.
            if (list.ValueKind is JsonValueKind.Array) return Objects(list);
            if (list.ValueKind is not JsonValueKind.Object) return null;
            var name = protocol.Route.Provider == "gemini" ? "models" : "data";
            if (list.TryGetProperty(name, out var entries) && entries.ValueKind is JsonValueKind.Array) return Objects(entries);
            return name == "models" && !list.EnumerateObject().Any() ? [] : null;

            static IReadOnlyList<JsonElement> Objects(JsonElement array) => [.. array.EnumerateArray().Where(e => e.ValueKind is JsonValueKind.Object)];
        }

        private OfferedModel? Read(JsonElement entry)
        {
            var isGemini = protocol.Route.Provider == "gemini";
            if (JsonText.Of(entry, isGemini ? "name" : "id") is not { } name) return null;
            if (isGemini && name.StartsWith("models/", StringComparison.Ordinal)) name = name["models/".Length..];
            // What no route could name, or a terminal would obey.
            if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) return null;
            if (isGemini && !Generates(entry)) return null;
            if (entry.TryGetProperty("active", out var active) && active.ValueKind is JsonValueKind.False) return null;
            return new OfferedModel(name)
            {
                // Gemini; Groq; vLLM; Anthropic; gateways.
                ContextTokens = Tokens(entry, "inputTokenLimit", "context_window", "max_model_len", "max_input_tokens", "context_length"),
                MaxOutputTokens = Tokens(entry, "outputTokenLimit", "max_completion_tokens", "max_output_tokens") ?? (protocol.Route.Provider == "anthropic" ? Tokens(entry, "max_tokens") : null),
            };
        }

        private static bool Generates(JsonElement entry) =>
            entry.TryGetProperty("supportedGenerationMethods", out var methods) && methods.ValueKind is JsonValueKind.Array
            && methods.EnumerateArray().Any(m => m.ValueKind is JsonValueKind.String && m.ValueEquals("generateContent"));

        private static int? Tokens(JsonElement entry, params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (entry.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var tokens) && tokens > 0)
                    return tokens;
            }

            return null;
        }

        private async ValueTask<(JsonElement? Answer, ModelFailure? Failure)> GetAsync(Uri url, CancellationToken cancellationToken)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, url);
            if (key is not null)
            {
                var (name, value) = protocol.KeyHeader(key);
                message.Headers.TryAddWithoutValidation(name, value);
            }

            foreach (var (name, value) in (KeyValuePair<string, string>[])[.. protocol.Headers, .. HttpChannel.CommonHeaders]) message.Headers.TryAddWithoutValidation(name, value);
            using var answer = await new HttpChannel(http, clock, _address, LongestWait).SendAsync(message, null, cancellationToken).ConfigureAwait(false);
            if (answer.Response is not { } response || (answer.Failure is not null && response.IsSuccessStatusCode)) return (null, answer.Failure);
            if (!response.IsSuccessStatusCode)
                return (null, new ServiceFailures(protocol, _mask, clock).Of(response, answer.Body!.Span, StructuredOutput.Text, ServiceError.Read(answer.Body.Memory)).Failure);
            try
            {
                using var json = JsonDocument.Parse(answer.Body!.Memory);
                return (json.RootElement.Clone(), null);
            }
            catch (JsonException)
            {
                return (null, NoList());
            }
        }

        private ModelFailure NoList() => new(FailureKind.BadReply, $"what answers at {_address} gives no list of models; does the address lead to a service of the kind '{protocol.Route.Provider}'?");
    }
}
