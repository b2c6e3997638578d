using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core.Models;

namespace Rowmill.Cli.Commands;

/// <summary>
/// The list as JSON: <c>{providers: [{provider, base_url, state, key_env, message, left_out, models: [{model, context, max_output, price, thinks, size_bytes, limits}]}], choices}</c>.
/// A figure is <c>{value, from, dated, source}</c>; null where nothing is known.
/// </summary>
internal static class ModelsJson
{
    /// <summary>The document.</summary>
    public static JsonObject Of(IReadOnlyList<ProviderModels> found) => new()
    {
        ["providers"] = new JsonArray([.. found.Select(p => (JsonNode)Provider(p))]),
        // What to do when there is nothing.
        ["choices"] = new JsonArray([.. (ModelsText.IsNothing(found) ? ModelChoices.All : []).Select(c => (JsonNode)c)]),
    };

    private static JsonObject Provider(ProviderModels provider) => new()
    {
        ["provider"] = provider.Provider.Name,
        ["base_url"] = provider.Address,
        ["state"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(provider.State.ToString()),
        ["key_env"] = provider.Variable,
        ["message"] = provider.Message,
        ["left_out"] = provider.LeftOut,
        ["models"] = new JsonArray([.. provider.Models.Select(m => (JsonNode)Model(provider, m))]),
    };

    private static JsonObject Model(ProviderModels provider, FoundModel model) => new()
    {
        ["model"] = $"{provider.Provider.Name}/{model.Name}",
        ["context"] = Figure(model.Context?.Value, model.Context?.From),
        ["max_output"] = Figure(model.MaxOutput?.Value, model.MaxOutput?.From),
        ["price"] = Figure(model.Price is null ? null : Price(model.Price.Value), model.Price?.From),
        ["thinks"] = model.Thinks,
        ["size_bytes"] = model.SizeBytes,
        ["limits"] = new JsonArray([.. model.Limits.Select(l => (JsonNode)Limit(l))]),
    };

    private static JsonObject Price(Price price) => new()
    {
        ["input"] = price.Input,
        ["output"] = price.Output,
        ["cached_input"] = price.CachedInput,
        ["cache_write"] = price.CacheWrite,
        ["batch_input"] = price.BatchInput,
        ["batch_output"] = price.BatchOutput,
    };

    private static JsonObject Limit(FoundLimit limit)
    {
        var json = Figure(limit.Limit, limit.From)!;
        json.Insert(0, "window", limit.Window);
        if (limit.Preset is not null) json["preset"] = limit.Preset;
        return json;
    }

    private static JsonObject? Figure(JsonNode? value, FigureSource? from)
    {
        if (value is null || from is null) return null;
        var json = new JsonObject { ["value"] = value, ["from"] = from.From, ["dated"] = from.Dated };
        if (from.Place is not null) json["source"] = from.Place;
        return json;
    }
}
