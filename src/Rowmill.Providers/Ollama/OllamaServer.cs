namespace Rowmill.Providers.Ollama;

/// <summary>A model that an Ollama server has.</summary>
/// <param name="Name">Its name with the tag, such as <c>llama3.1:8b</c>.</param>
/// <param name="SizeBytes">Its weights on the disk, about what they take in memory; 0 for one that runs elsewhere.</param>
public sealed record OllamaModel(string Name, long SizeBytes)
{
    /// <summary>The largest context the model was made for, in tokens; null when the server did not say in time.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>What it can do, such as <c>completion</c>, <c>thinking</c>, <c>embedding</c>; empty when the server does not say.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>The number of its parameters as the server tells it, such as <c>8.0B</c>; null when it does not.</summary>
    public string? Parameters { get; init; }

    /// <summary>How its weights are rounded, such as <c>Q4_K_M</c>; null when the server does not say.</summary>
    public string? Quantization { get; init; }

    /// <summary>What it takes in memory now, the graphics card's included; 0 while it is not loaded.</summary>
    public long LoadedBytes { get; init; }

    /// <summary>The part of <see cref="LoadedBytes"/> on graphics cards.</summary>
    public long VramBytes { get; init; }

    /// <summary>Whether it writes text; true when the server does not say.</summary>
    public bool IsChat => Capabilities.Count == 0 || Capabilities.Contains("completion", StringComparer.Ordinal);
}

/// <summary>An Ollama server that was there a moment ago, and its models.</summary>
public sealed class OllamaServer
{
    /// <summary>Where Ollama listens unless it is told otherwise.</summary>
    public const string DefaultAddress = "http://localhost:11434";

    /// <summary>A server on this machine answers within milliseconds, also while a model works; a look never holds anybody up for longer.</summary>
    internal static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);

    internal OllamaServer(string address, string version, IReadOnlyList<OllamaModel> models) => (Address, Version, Models) = (address, version, models);

    /// <summary>Its address, as a route's <c>base_url</c> takes it.</summary>
    public string Address { get; }

    /// <summary>Its version, such as <c>0.30.1</c>.</summary>
    public string Version { get; }

    /// <summary>The models it has, by name.</summary>
    public IReadOnlyList<OllamaModel> Models { get; }

    /// <summary>The largest model that writes text and fits beside what else is in memory; the smallest where none fits; null without any.</summary>
    /// <param name="freeMemory">Bytes of memory that programs can have; null when that is not known, or is another machine's.</param>
    /// <remarks>Models that run elsewhere do not count: they need an account.</remarks>
    public OllamaModel? Largest(long? freeMemory)
    {
        var local = Models.Where(m => m.IsChat && m.SizeBytes > 0 && !m.Name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))).ToList();
        return local.Where(m => Fits(m, freeMemory)).MaxBy(m => m.SizeBytes) ?? local.MinBy(m => m.SizeBytes);
    }

    /// <summary>Whether a model's weights fit into memory: a loaded model has its own already, and what is loaded now would make room.</summary>
    internal bool Fits(OllamaModel model, long? freeMemory) => model.LoadedBytes > 0 || model.SizeBytes == 0 || freeMemory is not { } free
        || model.SizeBytes <= free + Models.Sum(m => Math.Max(0, m.LoadedBytes - m.VramBytes));

    /// <summary>The model of a name; <c>llama3.1</c> means <c>llama3.1:latest</c>. Null when the server does not have it.</summary>
    public OllamaModel? Find(string name)
    {
        var full = FullName(name);
        return Models.FirstOrDefault(m => string.Equals(FullName(m.Name), full, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Looks whether a server is at the address of the variable OLLAMA_HOST, else at <see cref="DefaultAddress"/>, and which models it has. Takes
    /// two seconds at most, and what is told by then counts.
    /// </summary>
    /// <param name="variable">Gives an environment variable, or null.</param>
    /// <param name="clock">The clock of the two seconds.</param>
    /// <param name="handler">Sends the requests; null for the process's shared connections. It is not disposed.</param>
    /// <param name="longest">How long it may take instead of the two seconds.</param>
    /// <param name="cancellationToken">Cancels the look.</param>
    /// <returns>Null when there is none.</returns>
    public static async Task<OllamaServer?> FindAsync(
        Func<string, string?> variable, TimeProvider clock, HttpMessageHandler? handler = null, TimeSpan? longest = null, CancellationToken cancellationToken = default)
    {
        if (AddressOf(variable("OLLAMA_HOST")) is not { } address) return null;
        return (await new OllamaLook(address, null, clock, handler, longest).AllAsync(cancellationToken).ConfigureAwait(false)).Server;
    }

    /// <summary>
    /// The address to reach a server that listens at <c>OLLAMA_HOST</c>: a host, a port, both, or a whole address, with Ollama's own defaults
    /// (envconfig/config.go). A server that listens everywhere (0.0.0.0) is reached on this machine.
    /// </summary>
    /// <param name="host">The variable's value; null or blank for <see cref="DefaultAddress"/>.</param>
    /// <returns>Null when it is no address.</returns>
    public static string? AddressOf(string? host)
    {
        var text = host?.Trim().Trim('"', '\'').Trim().TrimEnd('/');
        if (string.IsNullOrEmpty(text)) return DefaultAddress;
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? text : text[(scheme + 3)..];
        // A bare address of version 6 has no brackets, and so no port.
        if (rest.Count(c => c == ':') > 1 && !rest.StartsWith('[')) rest = $"[{rest}]";
        else if (rest.StartsWith(':')) rest = "127.0.0.1" + rest;
        var hasPort = rest.LastIndexOf(':') > rest.LastIndexOf(']');
        if (scheme < 0 && !hasPort)
        {
            var slash = rest.IndexOf('/');
            rest = slash < 0 ? rest + ":11434" : rest.Insert(slash, ":11434");
        }

        if (!Uri.TryCreate((scheme < 0 ? "http" : text[..scheme]) + "://" + rest, UriKind.Absolute, out var uri)) return null;
        if (uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0) return null;
        var address = new UriBuilder(uri);
        if (uri.Host is "0.0.0.0" or "[::]") address.Host = "127.0.0.1";
        return address.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
    }

    private static string FullName(string name) => name.LastIndexOf(':') > name.LastIndexOf('/') ? name : name + ":latest";
}
