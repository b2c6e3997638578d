using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Providers.Anthropic;
using Rowmill.Providers.Batches;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Embeddings;
using Rowmill.Providers.Gemini;
using Rowmill.Providers.Http;
using Rowmill.Providers.Ollama;
using Rowmill.Providers.OpenAi;
using Rowmill.Providers.Transcription;

namespace Rowmill.Providers;

/// <summary>Makes the client of a route.</summary>
public static class ModelClients
{
    /// <summary>Makes the client that serves a route.</summary>
    /// <param name="route">Provider, model and address.</param>
    /// <param name="keys">Where the key is read from, once.</param>
    /// <param name="clock">The clock of timeouts and of dates in headers.</param>
    /// <param name="handler">Sends the requests; null for the process's shared connections. It is not disposed.</param>
    /// <exception cref="ProblemException">The route cannot be used: see <see cref="Check"/>.</exception>
    public static IModelClient Create(Route route, ApiKeys keys, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        var http = Http(route, Check(route, keys), handler);
        return new ChatClient(Protocol(route, clock), keys.Find(route), clock, http);
    }

    /// <summary>Makes the client that makes vectors by a route; parameters as of <see cref="Create"/>.</summary>
    /// <exception cref="ProblemException">The route cannot be used, or its provider has no vectors.</exception>
    public static IEmbeddingClient CreateEmbeddings(Route route, ApiKeys keys, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        var http = Http(route, CheckFor(route, keys, route.Provider is "groq" or "anthropic" ? "embeddings" : null), handler);
        EmbeddingWire wire = route.Provider switch
        {
            "gemini" => new GeminiEmbeddings(route),
            "ollama" => new OllamaEmbeddings(route),
            _ => new OpenAiEmbeddings(route),
        };
        return new EmbeddingClient(wire, new ServiceConnection(Protocol(route, clock), keys.Find(route), clock, http));
    }

    /// <summary>Makes the client that transcribes by a route; parameters as of <see cref="Create"/>.</summary>
    /// <exception cref="ProblemException">The route cannot be used, or its provider does not transcribe.</exception>
    public static ITranscriptionClient CreateTranscription(Route route, ApiKeys keys, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        var http = Http(route, CheckFor(route, keys, route.Provider is "gemini" or "anthropic" or "ollama" ? "transcriptions" : null), handler);
        return new TranscriptionClient(route, new ServiceConnection(Protocol(route, clock), keys.Find(route), clock, http));
    }

    /// <summary>Makes the client of a route's batch API; parameters as of <see cref="Create"/>.</summary>
    /// <returns>Null where the service has none.</returns>
    /// <exception cref="ProblemException">The route cannot be used: see <see cref="Check"/>.</exception>
    public static IBatchClient? CreateBatch(Route route, ApiKeys keys, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        if (BatchCapsOf(route) is null) return null;
        var http = Http(route, Check(route, keys), handler);
        var protocol = Protocol(route, clock);
        var key = keys.Find(route);
        var connection = new BatchConnection(new ServiceConnection(protocol, key, clock, http), route.BaseUrl, route.Provider == "gemini" ? GeminiBatches.Kind : _ => null);
        BatchWire wire = route.Provider switch
        {
            "gemini" => new GeminiBatches(route, connection, clock),
            "anthropic" => new AnthropicBatches(route, connection),
            _ => new OpenAiBatches(route, connection, clock),
        };
        return new BatchClient(protocol.Best, new BatchCodec(protocol, Lines(route), new SecretMask(key), clock), wire, connection, wire.Caps);
    }

    /// <summary>What the service of a route takes in one batch, told without a key; null where it has no batch API.</summary>
    public static BatchCaps? BatchCapsOf(Route route) => route.Provider switch
    {
        "ollama" => null,
        "gemini" => GeminiBatches.Taken,
        "anthropic" => AnthropicBatches.Taken,
        _ => OpenAiManners.IsAzureDeployment(route.BaseUrl) ? null : OpenAiBatches.CapsOf(route),
    };

    /// <summary>
    /// Makes a client that only writes and reads the lines of a route's batch files, for another machine that takes them to a service. It needs no key;
    /// its other methods are not to be called. Where the route's service has no files of its own, they are OpenAI's, which vLLM's batch runner takes.
    /// </summary>
    /// <param name="route">Provider and model.</param>
    /// <param name="clock">The clock of dates in refusals.</param>
    /// <exception cref="ProblemException">The route has no address, which its messages name.</exception>
    public static IBatchClient CreateBatchFiles(Route route, TimeProvider? clock = null)
    {
        if (AddressProblem(route.BaseUrl) is { } problem) throw new ProblemException(problem);
        clock ??= TimeProvider.System;
        var protocol = route.Provider == "ollama" ? new OpenAiProtocol(route, OpenAiManners.For("openai-compatible")!) : Protocol(route, clock);
        var codec = new BatchCodec(protocol, Lines(route), new SecretMask(null), clock);
        // Another machine's disk is the only bound, and a count is an int.
        return new BatchClient(protocol.Best, codec, null, null, new BatchCaps(int.MaxValue, long.MaxValue) { KeepsName = false });
    }

    private static BatchLines Lines(Route route) => route.Provider switch
    {
        "gemini" => new GeminiBatchLines(),
        "anthropic" => new AnthropicBatchLines(),
        _ => new OpenAiBatchLines(),
    };

    /// <summary>Everything that keeps a route from being used: an unknown provider, a bad address, a missing or broken key.</summary>
    public static IReadOnlyList<Problem> Check(Route route, ApiKeys keys)
    {
        var problems = new List<Problem>();
        if (KnownProviders.Find(route.Provider) is null)
        {
            problems.Add(new Problem($"There is no provider {route.Provider}.")
            {
                Key = "model",
                Fix = $"Known are {string.Join(", ", KnownProviders.All.Select(p => p.Name))}.",
            });
        }

        if (AddressProblem(route.BaseUrl) is { } address) problems.Add(address);
        if (keys.Check(route) is { } key) problems.Add(key);
        return problems;
    }

    private static IReadOnlyList<Problem> CheckFor(Route route, ApiKeys keys, string? lacks) =>
        lacks is null ? Check(route, keys) : [new Problem($"{route.Provider} has no {lacks}.") { Key = "model", Fix = "Take another provider for them." }];

    private static HttpMessageInvoker Http(Route route, IReadOnlyList<Problem> problems, HttpMessageHandler? handler)
    {
        if (problems.Count > 0) throw new ProblemException(problems);
        return handler is null ? SharedHttp.For(new Uri(route.BaseUrl)) : new HttpMessageInvoker(handler, disposeHandler: false);
    }

    /// <summary>The wire of a route's provider.</summary>
    internal static ChatProtocol Protocol(Route route, TimeProvider clock) => route.Provider switch
    {
        "gemini" => new GeminiProtocol(route),
        "anthropic" => new AnthropicProtocol(route, clock),
        "ollama" => new OllamaProtocol(route),
        _ => new OpenAiProtocol(route, OpenAiManners.For(route.Provider)!),
    };

    private static Problem? AddressProblem(string baseUrl)
    {
        if (!Uri.TryCreate(baseUrl, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return new Problem($"{baseUrl} is not an address.") { Key = "base_url", Fix = "Write it like https://host/v1." };
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            return new Problem($"The address at {uri.Host} holds a user name, a query or a fragment.")
            {
                Key = "base_url",
                Fix = "Give scheme, host, port and path only, and the key in an environment variable.",
            };
        }

        return null;
    }
}
