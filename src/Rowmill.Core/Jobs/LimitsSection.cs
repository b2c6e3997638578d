using Rowmill.Core.Models;

namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>limits</c> and <c>price</c> of a model.</summary>
internal static class LimitsSection
{
    private const long Most = 1_000_000_000_000;

    /// <summary>The limits; none where the job is silent.</summary>
    public static RouteLimits ReadLimits(JobMap entry)
    {
        var node = entry.Take("limits");
        if (node is YamlText { Value: var preset })
        {
            entry.Report("limits", $"Limits by name ('{preset}') are not in this version yet.", "Write them out: limits: { requests_per_minute: 30, tokens_per_minute: 8000 }.");
            return RouteLimits.None;
        }

        if (entry.AsMap("limits", node, "{ requests_per_minute: 30 }") is not { } limits) return RouteLimits.None;
        var auto = limits.Take("concurrency") is YamlText { Plain: true, Value: "auto" };
        var result = new RouteLimits
        {
            RequestsPerMinute = limits.Whole("requests_per_minute", 1, Most),
            TokensPerMinute = limits.Whole("tokens_per_minute", 1, Most),
            InputTokensPerMinute = limits.Whole("input_tokens_per_minute", 1, Most),
            OutputTokensPerMinute = limits.Whole("output_tokens_per_minute", 1, Most),
            RequestsPerDay = limits.Whole("requests_per_day", 1, Most),
            TokensPerDay = limits.Whole("tokens_per_day", 1, Most),
            Concurrency = auto ? null : (int?)limits.Whole("concurrency", 1, 1000),
            Burst = limits.Whole("burst", 1, Most),
            Account = limits.Text("account")?.Trim(),
        };
        limits.Finish();
        if (result.Burst > result.RequestsPerMinute)
            limits.Report("burst", $"{result.Burst} is more than requests_per_minute.", "Write less, or delete it: a window starts full.");
        return result;
    }

    /// <summary>The price the job gives, or null.</summary>
    public static Price? ReadPrice(JobMap entry)
    {
        if (entry.Map("price", "{ input: 0.15, output: 0.60 }") is not { } price) return null;
        var input = Usd("input");
        var output = Usd("output");
        var cached = Usd("cached_input");
        var batchInput = Usd("batch_input");
        var batchOutput = Usd("batch_output");
        price.Finish();
        foreach (var key in new[] { "input", "output" })
            if (!price.Has(key)) price.Report(key, $"'{key}' is missing.", "Write USD per million tokens: price: { input: 0.15, output: 0.60 }.");
        return input is null || output is null
            ? null
            : new Price(input.Value, output.Value) { CachedInput = cached, BatchInput = batchInput, BatchOutput = batchOutput };

        decimal? Usd(string key) => price.Number(key, 0, 100_000);
    }
}
