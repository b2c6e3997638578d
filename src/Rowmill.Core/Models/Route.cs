namespace Rowmill.Core.Models;

/// <summary>Provider + model + account + limits + price: one way to ask. A job lists its routes in order of preference.</summary>
public sealed record Route
{
    /// <summary>The provider: one of <see cref="KnownProviders"/>, or a name of the caller's for a client of its own.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's own name of the model; may hold slashes.</summary>
    public required string Model { get; init; }

    /// <summary>Base address, without a trailing slash (see design: each provider has its own default).</summary>
    public required string BaseUrl { get; init; }

    /// <summary>The environment variable that holds the key; null when the server wants none.</summary>
    public string? ApiKeyEnv { get; init; }

    /// <summary>The limits the job gives, those of its preset included.</summary>
    public RouteLimits Limits { get; init; } = RouteLimits.None;

    /// <summary>The preset that <see cref="Limits"/> began with; null when the job names none.</summary>
    public LimitPreset? Preset { get; init; }

    /// <summary>USD per million tokens; null when unknown.</summary>
    public Price? Price { get; init; }

    /// <summary>The largest prompt plus reply the model takes, in tokens.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>The largest reply the model writes, in tokens.</summary>
    public required int MaxOutputTokens { get; init; }

    /// <summary>True for models that spend output tokens on thinking before they answer.</summary>
    public bool Thinks { get; init; }

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>How long one request may take when the job does not say; see <see cref="KnownProvider.Timeout"/>.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The route of a name, with all that is known of its provider and model: address, key's variable, sizes, price.</summary>
    /// <param name="name"><c>provider/model</c>.</param>
    /// <param name="tables">What is known of models; null for what the program knows itself.</param>
    /// <exception cref="ProblemException">There is no such provider, or the name is none.</exception>
    /// <remarks>The address of a provider that has none of its own (<c>openai-compatible</c>) is empty until it is given.</remarks>
    public static Route Of(string name, ModelTables? tables = null)
    {
        var (provider, model, problem) = RouteName.Read(name);
        return problem is null ? Of(provider!.Name, model!, provider.BaseUrl ?? "", tables) with { ApiKeyEnv = provider.ApiKeyEnv } : throw new ProblemException(problem);
    }

    /// <summary>The route to a model by a client of the caller's, with what is known of the model.</summary>
    /// <param name="provider">Provider name.</param>
    /// <param name="model">The provider's name of the model.</param>
    /// <param name="baseUrl">Where it is, to tell equal names apart.</param>
    /// <param name="tables">What is known of models; null for what the program knows itself.</param>
    public static Route Of(string provider, string model, string baseUrl, ModelTables? tables = null)
    {
        var known = (tables ?? ModelTables.BuiltIn).Find(provider, model);
        return new Route
        {
            Provider = provider,
            Model = model,
            BaseUrl = baseUrl,
            Price = known.Price,
            ContextTokens = known.ContextTokens,
            MaxOutputTokens = known.MaxOutputTokens,
            Thinks = known.Thinks,
        };
    }

    /// <summary>The same route under the limits of a preset.</summary>
    /// <param name="preset">Its name.</param>
    /// <param name="tables">The presets there are; null for those of the program.</param>
    /// <exception cref="ProblemException">There is no such preset, or it does not know the model.</exception>
    public Route Under(string preset, ModelTables? tables = null)
    {
        var (found, problem) = (tables ?? ModelTables.BuiltIn).FindPreset(preset, Provider, Model);
        return problem is null ? this with { Limits = found!.Limits, Preset = found } : throw new ProblemException(problem);
    }

    /// <summary>What the job file calls it: <c>provider/model</c>.</summary>
    public string Name => $"{Provider}/{Model}";

    /// <summary>
    /// What stored answers carry: the name and the base address, so that another server's answers are not taken for this one's.
    /// The simulator says the same at every address.
    /// </summary>
    public string Id => Provider == "simulator" ? Name : $"{Name}@{BaseUrl}";
}

/// <summary>USD per million tokens.</summary>
public sealed record Price(decimal Input, decimal Output)
{
    /// <summary>Cached prompt tokens; null means they cost as much as others.</summary>
    public decimal? CachedInput { get; init; }

    /// <summary>Prompt tokens that the provider writes into its cache (Anthropic); null means they cost as much as others.</summary>
    public decimal? CacheWrite { get; init; }

    /// <summary>Prompt tokens in a provider's batch job.</summary>
    public decimal? BatchInput { get; init; }

    /// <summary>Reply tokens in a provider's batch job.</summary>
    public decimal? BatchOutput { get; init; }

    /// <summary>USD per minute of sound, where a service charges a recording by its length; null where it does not, or when unknown.</summary>
    public decimal? PerMinute { get; init; }

    /// <summary>The prices in a batch job: half of the others where they are not known. What the cache saves is not given twice.</summary>
    public Price InBatch => new(BatchInput ?? Input / 2, BatchOutput ?? Output / 2);

    /// <summary>The cost of a call in USD.</summary>
    public decimal Of(TokenUsage usage) => (
        (usage.Input - usage.CachedInput - usage.CacheWrites) * Input
        + usage.CachedInput * (CachedInput ?? Input)
        + usage.CacheWrites * (CacheWrite ?? Input)
        + usage.Output * Output) / 1_000_000m;
}

/// <summary>Limits as the job file gives them; null where it is silent.</summary>
public sealed record RouteLimits
{
    /// <summary>No limit known.</summary>
    public static RouteLimits None { get; } = new();

    /// <summary>Requests per minute.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tokens per minute, prompt and reply together.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Prompt tokens per minute.</summary>
    public long? InputTokensPerMinute { get; init; }

    /// <summary>Reply tokens per minute.</summary>
    public long? OutputTokensPerMinute { get; init; }

    /// <summary>Requests per day.</summary>
    public long? RequestsPerDay { get; init; }

    /// <summary>Tokens per day.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>Tokens of all batch jobs that wait or are under way at a time.</summary>
    public long? EnqueuedTokens { get; init; }

    /// <summary>Requests in flight at once; null for the default.</summary>
    public int? Concurrency { get; init; }

    /// <summary>How many requests a minute window holds when full; null for the limit itself.</summary>
    public long? Burst { get; init; }

    /// <summary>The name of the account whose windows these are; null for a fingerprint of the key.</summary>
    public string? Account { get; init; }

    /// <summary>Requests in flight at once when the job does not say.</summary>
    public const int DefaultConcurrency = 8;
}

/// <summary>Tokens of one call or of many.</summary>
/// <param name="Input">Prompt tokens, cached ones included.</param>
/// <param name="CachedInput">Prompt tokens served from the provider's cache.</param>
/// <param name="Output">Reply tokens, thinking included.</param>
public readonly record struct TokenUsage(long Input, long CachedInput, long Output)
{
    /// <summary>Prompt tokens of <see cref="Input"/> that the provider wrote into its cache, at a price of their own (Anthropic).</summary>
    public long CacheWrites { get; init; }

    /// <summary>Reply tokens of <see cref="Output"/> spent on thinking, as far as the provider tells them.</summary>
    public long Reasoning { get; init; }

    /// <summary>The sum, field by field.</summary>
    public static TokenUsage operator +(TokenUsage a, TokenUsage b) => new(a.Input + b.Input, a.CachedInput + b.CachedInput, a.Output + b.Output)
    {
        CacheWrites = a.CacheWrites + b.CacheWrites,
        Reasoning = a.Reasoning + b.Reasoning,
    };
}
