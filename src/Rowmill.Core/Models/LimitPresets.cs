using System.Text.Json;

namespace Rowmill.Core.Models;

/// <summary>The limits of one model under a plan that has a name, such as <c>groq-free</c>.</summary>
/// <param name="Name">The preset's name, as <c>limits:</c> gives it.</param>
/// <param name="Provider">The provider whose plan it is.</param>
/// <param name="Model">The provider's name of the model.</param>
/// <param name="Limits">The windows; nothing else is set.</param>
/// <param name="Dated">The day or the month the figures were taken: <c>2026-10-01</c> or <c>2026-07</c>.</param>
/// <param name="Source">Where they were taken from.</param>
/// <param name="Observed">True when they are published nowhere and were read off replies and refusals.</param>
public sealed record LimitPreset(string Name, string Provider, string Model, RouteLimits Limits, string Dated, string Source, bool Observed);

/// <summary>The named limits: a dated data file inside the assembly. What a job writes itself always goes before it.</summary>
public static class LimitPresets
{
    private static readonly Lazy<IReadOnlyList<LimitPreset>> s_all = new(Load);

    /// <summary>Every preset with each of its models, in the order of the file.</summary>
    public static IReadOnlyList<LimitPreset> All => s_all.Value;

    /// <summary>The names, each once.</summary>
    public static IReadOnlyList<string> Names => [.. All.Select(p => p.Name).Distinct(StringComparer.Ordinal)];

    /// <summary>The models of a preset; empty when there is none of that name.</summary>
    public static IReadOnlyList<LimitPreset> Of(string name) => [.. All.Where(p => p.Name == name)];

    /// <summary>The limits of a model under a preset, or what is wrong with naming it there; neither when provider or model is not known.</summary>
    /// <param name="all">The presets there are.</param>
    /// <param name="name">The name given.</param>
    /// <param name="provider">The provider.</param>
    /// <param name="model">The model.</param>
    internal static (LimitPreset? Preset, Problem? Problem) Find(IReadOnlyList<LimitPreset> all, string name, string? provider, string? model)
    {
        const string writeOut = "Write the limits out: limits: { requests_per_minute: 30 }.";
        IReadOnlyList<LimitPreset> entries = [.. all.Where(p => p.Name == name)];
        if (entries.Count == 0) return Wrong($"There is no preset '{name}'.", NearestName.Suggest(name, [.. all.Select(p => p.Name).Distinct(StringComparer.Ordinal)]));
        if (provider is null || model is null) return default;
        if (entries[0].Provider != provider) return Wrong($"'{name}' holds limits of {entries[0].Provider}, not of {provider}.", writeOut);
        return entries.FirstOrDefault(e => e.Model == model) is { } found ? (found, null)
            : Wrong($"'{name}' does not know the model '{model}'.", $"It knows {string.Join(", ", entries.Select(e => e.Model))}. {writeOut}");

        static (LimitPreset?, Problem?) Wrong(string message, string fix) => (null, new Problem(message) { Key = "limits", Fix = fix });
    }

    /// <summary>The presets that know a provider's model, whichever plan they are of.</summary>
    public static IReadOnlyList<LimitPreset> For(string provider, string model) => [.. All.Where(p => p.Provider == provider && p.Model == model)];

    private static IReadOnlyList<LimitPreset> Load()
    {
        using var stream = typeof(LimitPresets).Assembly.GetManifestResourceStream("Rowmill.Core.Models.limit-presets.json")
            ?? throw new InvalidOperationException("limit-presets.json is not in the assembly");
        using var document = JsonDocument.Parse(stream);
        var all = new List<LimitPreset>();
        foreach (var preset in document.RootElement.GetProperty("presets").EnumerateObject())
        {
            var provider = preset.Value.GetProperty("provider").GetString()!;
            foreach (var model in preset.Value.GetProperty("models").EnumerateObject())
            {
                var entry = model.Value;
                all.Add(new LimitPreset(
                    preset.Name, provider, model.Name, ReadLimits(entry),
                    entry.GetProperty("dated").GetString()!, entry.GetProperty("source").GetString()!,
                    entry.TryGetProperty("observed", out var observed) && observed.GetBoolean()));
            }
        }

        return all;
    }

    private static RouteLimits ReadLimits(JsonElement entry) => new()
    {
        RequestsPerMinute = Optional(entry, LimitNames.RequestsPerMinute),
        TokensPerMinute = Optional(entry, LimitNames.TokensPerMinute),
        InputTokensPerMinute = Optional(entry, LimitNames.InputTokensPerMinute),
        OutputTokensPerMinute = Optional(entry, LimitNames.OutputTokensPerMinute),
        RequestsPerDay = Optional(entry, LimitNames.RequestsPerDay),
        TokensPerDay = Optional(entry, LimitNames.TokensPerDay),
        EnqueuedTokens = Optional(entry, LimitNames.EnqueuedTokens),
    };

    private static long? Optional(JsonElement entry, string key) => entry.TryGetProperty(key, out var value) ? value.GetInt64() : null;
}
