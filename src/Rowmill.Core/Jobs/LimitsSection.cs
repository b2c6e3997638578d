using Rowmill.Core.Models;

namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>limits</c> and <c>price</c> of a model.</summary>
internal static class LimitsSection
{
    // Beyond what any service grants: a larger figure is a slip of the hand.
    private const long Most = 1_000_000_000_000;

    /// <summary>The limits, none where the job is silent, and the preset they begin with.</summary>
    public static (RouteLimits Limits, LimitPreset? Preset) ReadLimits(
        JobMap entry, KnownProvider? provider, string? model, ModelTables tables)
    {
        var node = entry.Take("limits");
        if (node is YamlText text && YamlScalar.Number(text) is null && YamlScalar.Flag(text) is null)
        {
            var named = FindPreset(entry, "limits", text.Value, provider, model, tables);
            return (named?.Limits ?? RouteLimits.None, named);
        }

        if (entry.AsMap("limits", node, "{ requests_per_minute: 30 }") is not { } limits) return (RouteLimits.None, null);
        var preset = limits.Text("preset") is { } name ? FindPreset(limits, "preset", name, provider, model, tables) : null;
        var known = preset?.Limits ?? RouteLimits.None;
        var result = new RouteLimits
        {
            RequestsPerMinute = Window(LimitNames.RequestsPerMinute) ?? known.RequestsPerMinute,
            TokensPerMinute = Window(LimitNames.TokensPerMinute) ?? known.TokensPerMinute,
            InputTokensPerMinute = Window(LimitNames.InputTokensPerMinute) ?? known.InputTokensPerMinute,
            OutputTokensPerMinute = Window(LimitNames.OutputTokensPerMinute) ?? known.OutputTokensPerMinute,
            RequestsPerDay = Window(LimitNames.RequestsPerDay) ?? known.RequestsPerDay,
            TokensPerDay = Window(LimitNames.TokensPerDay) ?? known.TokensPerDay,
            EnqueuedTokens = Window(LimitNames.EnqueuedTokens) ?? known.EnqueuedTokens,
            Concurrency = (int?)limits.WholeOrAuto("concurrency", 1, 1000),
            Burst = Window("burst"),
            Account = limits.Text("account")?.Trim(),
        };
        limits.Finish();
        if (result.Burst > result.RequestsPerMinute)
            limits.Report("burst", $"{result.Burst} is more than requests_per_minute.", "Write less, or delete it: a window starts full.");
        return (result, preset);

        long? Window(string key) => limits.Whole(key, 1, Most);
    }

    private static LimitPreset? FindPreset(
        JobMap map, string key, string name, KnownProvider? provider, string? model, ModelTables tables)
    {
        // Without its provider or name the model is a mistake of its own; the preset's name can be one all the same.
        var (preset, problem) = tables.FindPreset(name, provider?.Name, model);
        if (problem is not null) map.Report(key, problem.Message, problem.Fix);
        return preset;
    }

    /// <summary>The price the job gives, or null.</summary>
    public static Price? ReadPrice(JobMap entry)
    {
        if (entry.Map("price", "{ input: 0.15, output: 0.60 }") is not { } price) return null;
        var input = Usd("input");
        var output = Usd("output");
        var cached = Usd("cached_input");
        var cacheWrite = Usd("cache_write");
        var batchInput = Usd("batch_input");
        var batchOutput = Usd("batch_output");
        price.Finish();
        foreach (var key in new[] { "input", "output" })
            if (!price.Has(key)) price.Report(key, $"'{key}' is missing.", "Write USD per million tokens: price: { input: 0.15, output: 0.60 }.");
        return input is null || output is null
            ? null
            : new Price(input.Value, output.Value) { CachedInput = cached, CacheWrite = cacheWrite, BatchInput = batchInput, BatchOutput = batchOutput };

        decimal? Usd(string key) => price.Number(key, 0, 100_000);
    }
}
