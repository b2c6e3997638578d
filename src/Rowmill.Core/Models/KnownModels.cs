using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rowmill.Core.Models;

/// <summary>What is known of a model before the first call.</summary>
/// <param name="Provider">Provider name.</param>
/// <param name="Model">The provider's name of the model.</param>
/// <param name="ContextTokens">The largest prompt plus reply, in tokens.</param>
/// <param name="MaxOutputTokens">The largest reply, in tokens.</param>
/// <param name="Price">USD per million tokens; null when unknown.</param>
/// <param name="Thinks">True for models that spend output tokens on thinking before they answer.</param>
/// <param name="Listed">False when nothing is known of the model itself and these are its provider's careful defaults.</param>
public sealed record KnownModel(
    string Provider, string Model, int ContextTokens, int MaxOutputTokens, Price? Price, bool Thinks, bool Listed)
{
    /// <summary>Where the context is from; null when it is a careful default.</summary>
    public FigureSource? ContextFrom { get; init; }

    /// <summary>Where the longest reply is from; null when it is a careful default.</summary>
    public FigureSource? MaxOutputFrom { get; init; }

    /// <summary>Where the price is from; null without one.</summary>
    public FigureSource? PriceFrom { get; init; }
}

/// <summary>Where a figure is from, and of which day it is.</summary>
/// <param name="From"><see cref="Known"/>, <see cref="UserFile"/>, or another word for a source that is no table.</param>
/// <param name="Dated">The day: <c>2026-10-01</c>.</param>
/// <param name="Place">The user's file; null for other sources.</param>
public sealed record FigureSource(string From, string Dated, string? Place = null)
{
    /// <summary>The table inside the program.</summary>
    public const string Known = "known";

    /// <summary>The user's own file.</summary>
    public const string UserFile = "file";
}

/// <summary>The table of known models: a dated data file inside the assembly. A job's own figures always go before it.</summary>
public static partial class KnownModels
{
    private static readonly Lazy<Table> s_table = new(Load);

    /// <summary>The day the figures were taken.</summary>
    public static DateOnly Dated => s_table.Value.Dated;

    /// <summary>Every listed model, by provider.</summary>
    public static IReadOnlyList<KnownModel> All => s_table.Value.Models;

    /// <summary>What is known of a model. Of one that is not listed: careful defaults, no price (or price 0 where models run for free).</summary>
    /// <param name="provider">Provider name.</param>
    /// <param name="model">
    /// The provider's name of the model. A date at its end (<c>gpt-4o-mini-2024-07-18</c>, <c>claude-sonnet-4-5-20250929</c>) and an Ollama tag
    /// (<c>llama3.1:8b</c>) are left off when the full name is not listed.
    /// </param>
    public static KnownModel Find(string provider, string model)
    {
        var table = s_table.Value;
        foreach (var name in Names(model))
            if (table.Models.FirstOrDefault(m => m.Provider == provider && m.Model == name) is { } found)
                return found with { Model = model };
        return table.Fallbacks.TryGetValue(provider, out var fallback)
            ? fallback with { Model = model }
            : table.Fallbacks["openai-compatible"] with { Provider = provider, Model = model };
    }

    /// <summary>The names under which a model may be listed, the most exact first.</summary>
    internal static IEnumerable<string> Names(string model) => [model, DateAtEnd().Replace(model, ""), model.Split(':')[0]];

    private static Table Load()
    {
        using var stream = typeof(KnownModels).Assembly.GetManifestResourceStream("Rowmill.Core.Models.known-models.json")
            ?? throw new InvalidOperationException("known-models.json is not in the assembly");
        using var document = JsonDocument.Parse(stream);
        var root = document.RootElement;
        var dated = DateOnly.ParseExact(root.GetProperty("dated").GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var source = new FigureSource(FigureSource.Known, root.GetProperty("dated").GetString()!);
        var fallbacks = new Dictionary<string, KnownModel>(StringComparer.Ordinal);
        foreach (var entry in root.GetProperty("fallbacks").EnumerateObject())
            fallbacks.Add(entry.Name, Read(entry.Name, "", entry.Value, source, listed: false));
        var models = new List<KnownModel>();
        foreach (var provider in root.GetProperty("models").EnumerateObject())
            foreach (var model in provider.Value.EnumerateObject())
                models.Add(Read(provider.Name, model.Name, model.Value, source, listed: true));
        return new Table(dated, fallbacks, models);
    }

    private static KnownModel Read(string provider, string model, JsonElement entry, FigureSource source, bool listed) => new(
        provider,
        model,
        entry.GetProperty("context").GetInt32(),
        entry.GetProperty("max_output").GetInt32(),
        entry.TryGetProperty("price", out var price) ? ReadPrice(price) : null,
        entry.TryGetProperty("thinks", out var thinks) && thinks.GetBoolean(),
        listed)
    {
        ContextFrom = listed ? source : null,
        MaxOutputFrom = listed ? source : null,
        PriceFrom = entry.TryGetProperty("price", out _) ? source : null,
    };

    private static Price ReadPrice(JsonElement price) => new(price.GetProperty("input").GetDecimal(), price.GetProperty("output").GetDecimal())
    {
        CachedInput = Optional(price, "cached_input"),
        CacheWrite = Optional(price, "cache_write"),
        BatchInput = Optional(price, "batch_input"),
        BatchOutput = Optional(price, "batch_output"),
    };

    private static decimal? Optional(JsonElement price, string key) => price.TryGetProperty(key, out var value) ? value.GetDecimal() : null;

    [GeneratedRegex(@"-\d{4}(-\d{2}-\d{2}|\d{4})\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DateAtEnd();

    private sealed record Table(DateOnly Dated, IReadOnlyDictionary<string, KnownModel> Fallbacks, IReadOnlyList<KnownModel> Models);
}
