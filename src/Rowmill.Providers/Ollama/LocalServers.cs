using System.Collections.Concurrent;
using System.Globalization;
using Rowmill.Core;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Ollama;

/// <summary>What a look at a route's server found.</summary>
/// <param name="Problem">What, and what to do about it; its key is that of the route in a job file.</param>
/// <param name="IsFatal">True when the route cannot work: nothing should be sent before that is mended.</param>
public sealed record LocalFinding(Problem Problem, bool IsFatal);

/// <summary>
/// Looks, before anything is sent, whether the Ollama servers that routes name are there, have the model, and the memory and context for it.
/// A look takes two seconds at most; routes of other providers are not looked at. Safe for concurrent use.
/// </summary>
/// <param name="keys">Where a proxy's key is read from.</param>
/// <param name="variable">Gives an environment variable, or null.</param>
/// <param name="clock">The clock of the two seconds.</param>
/// <param name="handler">Sends the requests; null for the process's shared connections. It is not disposed.</param>
/// <param name="freeMemory">Bytes of this machine's memory that programs can have; null for what the system says.</param>
public sealed class LocalServers(
    ApiKeys keys, Func<string, string?> variable, TimeProvider clock, HttpMessageHandler? handler = null, Func<long?>? freeMemory = null)
{
    private const int NamesShown = 5;

    private readonly ConcurrentDictionary<Route, int> _contexts = new();

    /// <summary>Whether a route is served by a server that a look goes to.</summary>
    public static bool IsLocal(Route route) => route.Provider == "ollama";

    /// <summary>Looks at the servers of all routes at once.</summary>
    /// <param name="routes">A job's routes.</param>
    /// <param name="only">The name of the only one that is used; null for all.</param>
    /// <param name="cancellationToken">Cancels the look.</param>
    /// <returns>What is wrong or noteworthy, in the order of the routes.</returns>
    public async Task<IReadOnlyList<LocalFinding>> CheckAsync(IReadOnlyList<Route> routes, string? only = null, CancellationToken cancellationToken = default)
    {
        var used = routes.Index().Where(r => only is null || r.Item.Name == only).ToList();
        var looks = used.Where(r => IsLocal(r.Item)).Select(r => CheckAsync(r.Item, r.Index, isFirst: r.Index == used[0].Index, cancellationToken));
        return [.. (await Task.WhenAll(looks).ConfigureAwait(false)).SelectMany(found => found)];
    }

    /// <summary>The context of a route: its own, or what its model was made for where a look has shown that to be less.</summary>
    public int ContextOf(Route route) => _contexts.TryGetValue(route, out var context) ? Math.Min(context, route.ContextTokens) : route.ContextTokens;

    private async Task<IReadOnlyList<LocalFinding>> CheckAsync(Route route, int index, bool isFirst, CancellationToken cancellationToken)
    {
        var (server, failure) = await new OllamaLook(route.BaseUrl, keys.Find(route), clock, handler).OneAsync(route.Model, cancellationToken).ConfigureAwait(false);
        // A later model is for when others fail: by then its server may be there. One that is slow to answer is there.
        if (server is null) return [At(index, "model", NotThere(route, failure!), Start(route), isFirst && failure!.Kind is FailureKind.ConnectionLost)];
        if (server.Find(route.Model) is not { } model)
            return [At(index, "model", $"The Ollama server at {route.BaseUrl} has no model {route.Model}{Others(server)}.", $"Get it with: ollama pull {route.Model}", fatal: true)];
        if (!model.IsChat)
            return [At(index, "model", $"{route.Name} writes no text; it is for {string.Join(", ", model.Capabilities)}.", "Take another model.", fatal: true)];

        var findings = new List<LocalFinding>();
        if (model.ContextTokens is { } made)
        {
            _contexts[route] = made;
            if (made < route.ContextTokens)
                findings.Add(At(index, "context", $"{route.Name} was made for a context of {N(made)} tokens; {N(route.ContextTokens)} are not used.", $"Write context: {made}."));
        }

        if (Memory(route, server, model) is { } memory) findings.Add(At(index, "model", memory, "Close other programs, or take a smaller model."));
        return findings;
    }

    /// <summary>Only a server on this machine shares its memory.</summary>
    private string? Memory(Route route, OllamaServer server, OllamaModel model)
    {
        if (!new Uri(route.BaseUrl).IsLoopback || (freeMemory ?? FreeMemory)() is not { } free || server.Fits(model, free)) return null;
        free += server.Models.Sum(m => Math.Max(0, m.LoadedBytes - m.VramBytes));
        return
            $"{route.Name} takes about {GB(model.SizeBytes)} and its context more, and {GB(free)} of this machine's memory are free; without a graphics card that holds the rest it is refused or slow.";
    }

    /// <summary>MemAvailable: what programs can have without swapping (proc_meminfo(5)). Other systems do not tell it so simply.</summary>
    public static long? FreeMemory()
    {
        const string File = "/proc/meminfo";
        const string Label = "MemAvailable:";
        if (!OperatingSystem.IsLinux() || !System.IO.File.Exists(File)) return null;
        var line = System.IO.File.ReadLines(File).FirstOrDefault(l => l.StartsWith(Label, StringComparison.Ordinal));
        return long.TryParse(line?[Label.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var kilobytes)
            ? kilobytes * 1024 : null;
    }

    private static string NotThere(Route route, ModelFailure failure) => $"{route.Name} is not there: {failure.Message}.".Replace("?.", "?", StringComparison.Ordinal);

    private string Start(Route route)
    {
        var host = variable("OLLAMA_HOST");
        return !string.IsNullOrWhiteSpace(host) && OllamaServer.AddressOf(host) is { } other && other != route.BaseUrl
            ? $"OLLAMA_HOST names {other}: write base_url: {other}, or start a server with: ollama serve"
            : "Start it with: ollama serve";
    }

    private static string Others(OllamaServer server) => server.Models.Count == 0 ? ", nor any other"
        : $"; it has {string.Join(", ", server.Models.Take(NamesShown).Select(m => m.Name))}{(server.Models.Count > NamesShown ? ", …" : "")}";

    private static LocalFinding At(int index, string key, string message, string fix, bool fatal = false) =>
        new(new Problem(message) { Key = $"models[{index}].{key}", Fix = fix }, fatal);

    private static string N(int tokens) => tokens.ToString("N0", CultureInfo.InvariantCulture);

    private static string GB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");
}
