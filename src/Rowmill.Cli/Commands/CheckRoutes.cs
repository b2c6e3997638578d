using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;

namespace Rowmill.Cli.Commands;

/// <summary>What <c>check</c> tells of a job's models: limits and prices in force with where they come from, and what looks wrong with them.</summary>
internal static class CheckRoutes
{
    /// <summary>The routes as JSON: <c>[{model, limits [{window, limit, from, …}], concurrency, burst, account, prices [{tokens, usd_per_million, from, …}]}]</c>.</summary>
    public static JsonArray Json(Job job, ModelTables tables) => new([.. job.Routes.Select(route => (JsonNode)new JsonObject
    {
        ["model"] = route.Name,
        ["limits"] = new JsonArray([.. WindowSpec.Of(route.Limits, WindowOwner.Anybody(route)).Select(w => (JsonNode)Limit(route, w))]),
        ["concurrency"] = route.Limits.Concurrency,
        ["burst"] = route.Limits.Burst,
        ["account"] = route.Limits.Account,
        ["prices"] = new JsonArray([.. Prices(route).Select(p => (JsonNode)Price(tables, route, p.Tokens, p.Usd))]),
    })]);

    /// <summary>The same for people, a line for each route's limits and one for its price.</summary>
    public static IEnumerable<string> Lines(Job job, ModelTables tables)
    {
        foreach (var route in job.Routes)
        {
            var windows = WindowSpec.Of(route.Limits, WindowOwner.Anybody(route));
            if (windows.Count == 0) yield return $"{route.Name}: limits: none written; the service's own are learned";
            else yield return $"{route.Name}: limits: {string.Join(", ", windows.Select(w => Text(route, w)))}{Preset(route, windows)}";
            if (route.Price is null) continue;
            var prices = string.Join(", ", Prices(route).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Usd} {p.Tokens.Replace('_', ' ')}")));
            yield return $"{route.Name}: USD per million tokens: {prices}; {From(KnownPrice(tables, route))}";
        }
    }

    /// <summary>Limits that contradict each other, and a cloud service without any.</summary>
    public static IEnumerable<Problem> Warnings(Job job, ModelTables tables)
    {
        foreach (var (i, route) in job.Routes.Index())
        {
            if (WindowSpec.Of(route.Limits, WindowOwner.Anybody(route)).Count == 0 && tables.PresetsFor(route.Provider, route.Model) is [var preset, ..])
                yield return At(i, "", $"No limits are written for {route.Name}: they are learned from the service's headers and refusals.", $"Write limits: {preset.Name} if its key is one of that plan.");
            foreach (var (name, limit, by, bound) in Pairs(route.Limits, TokenRules.CountsReplies(route.Provider)))
            {
                if (limit > bound)
                    yield return At(i, $".limits.{name}", string.Create(CultureInfo.InvariantCulture, $"{limit:N0} is more than {by} ({bound:N0}), so it never binds."), "Compare both with the provider's page; one is probably mistaken.");
            }
        }

        Problem At(int route, string key, string message, string fix) => job.Locate(new Problem(message) { Key = $"models[{route}]{key}", Fix = fix });
    }

    /// <summary>Limits and what bounds them: none can bind that is more than its bound. Where replies do not count as tokens, these do not bound them.</summary>
    private static IEnumerable<(string Name, long? Limit, string By, long? Bound)> Pairs(RouteLimits l, bool countsReplies) =>
    [
        (LimitNames.RequestsPerMinute, l.RequestsPerMinute, LimitNames.RequestsPerDay, l.RequestsPerDay),
        (LimitNames.TokensPerMinute, l.TokensPerMinute, LimitNames.TokensPerDay, l.TokensPerDay),
        (LimitNames.InputTokensPerMinute, l.InputTokensPerMinute, LimitNames.TokensPerMinute, l.TokensPerMinute),
        (LimitNames.OutputTokensPerMinute, countsReplies ? l.OutputTokensPerMinute : null, LimitNames.TokensPerMinute, l.TokensPerMinute),
        (LimitNames.InputTokensPerMinute, l.InputTokensPerMinute, LimitNames.TokensPerDay, l.TokensPerDay),
        (LimitNames.OutputTokensPerMinute, countsReplies ? l.OutputTokensPerMinute : null, LimitNames.TokensPerDay, l.TokensPerDay),
        (LimitNames.TokensPerMinute, l.TokensPerMinute, $"{LimitNames.InputTokensPerMinute} and {LimitNames.OutputTokensPerMinute} together", l.InputTokensPerMinute + l.OutputTokensPerMinute),
    ];

    private static JsonObject Limit(Route route, WindowSpec window)
    {
        var json = new JsonObject { ["window"] = window.Name, ["limit"] = window.Limit, ["from"] = IsPreset(route, window) ? "preset" : "job" };
        if (!IsPreset(route, window)) return json;
        json["preset"] = route.Preset!.Name;
        json["dated"] = route.Preset.Dated;
        json["source"] = route.Preset.Source;
        return json;
    }

    private static JsonObject Price(ModelTables tables, Route route, string tokens, decimal usd)
    {
        var json = new JsonObject { ["tokens"] = tokens, ["usd_per_million"] = usd, ["from"] = KnownPrice(tables, route)?.From ?? "job" };
        if (KnownPrice(tables, route) is not { } known) return json;
        json["dated"] = known.Dated;
        if (known.Place is not null) json["source"] = known.Place;
        return json;
    }

    private static IEnumerable<(string Tokens, decimal Usd)> Prices(Route route)
    {
        var price = route.Price;
        return new (string, decimal?)[]
        {
            ("input", price?.Input), ("output", price?.Output), ("cached_input", price?.CachedInput), ("cache_write", price?.CacheWrite),
            ("batch_input", price?.BatchInput), ("batch_output", price?.BatchOutput),
        }.Where(p => p.Item2 is not null).Select(p => (p.Item1, p.Item2!.Value));
    }

    private static string Text(Route route, WindowSpec window) => string.Create(
        CultureInfo.InvariantCulture, $"{window.Limit:N0} {window.Name.Replace('_', ' ')}{(route.Preset is not null && !IsPreset(route, window) ? " (the job's)" : "")}");

    private static string Preset(Route route, IReadOnlyList<WindowSpec> windows) =>
        route.Preset is { } preset && windows.Any(w => IsPreset(route, w)) ? $"; {preset.Name} of {preset.Dated}{(preset.Observed ? ", as observed" : "")}" : "";

    /// <summary>Whether a limit is as the route's preset has it.</summary>
    private static bool IsPreset(Route route, WindowSpec window) =>
        route.Preset is { } preset && WindowSpec.Of(preset.Limits, WindowOwner.Anybody(route)).Any(w => w.Name == window.Name && w.Limit == window.Limit);

    /// <summary>Where a price is from that is as a table has it; null for one of the job's own.</summary>
    private static FigureSource? KnownPrice(ModelTables tables, Route route) =>
        tables.Find(route.Provider, route.Model) is var known && route.Price == known.Price ? known.PriceFrom : null;

    private static string From(FigureSource? source) => source switch
    {
        null => "from the job",
        { Place: { } file } => $"{file} of {source.Dated}",
        _ => $"known models of {source.Dated}",
    };
}
