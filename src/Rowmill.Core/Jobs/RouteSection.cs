using System.Text.RegularExpressions;
using Rowmill.Core.Models;

namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>models</c> and <c>routing</c>.</summary>
internal static partial class RouteSection
{
    private const int LargestContext = 100_000_000;

    /// <summary>What the clients of these providers add to the address themselves.</summary>
    private static readonly List<AddedPath> s_addedPaths =
        [new("ollama", "/v1"), new("ollama", "/api"), new("gemini", "/v1beta"), new("anthropic", "/v1")];

    /// <summary>How the routes are used; a mistake is reported.</summary>
    public static Routing ReadRouting(JobMap file)
    {
        var routing = file.Text("routing");
        if (routing == "spread") return Routing.Spread;
        if (routing is not null and not "order") file.Report("routing", $"There is no routing '{routing}'.", "Write routing: order, or routing: spread.");
        return Routing.Order;
    }

    /// <summary>The routes that are right; each mistake is reported.</summary>
    public static IReadOnlyList<Route> Read(JobMap file, JobReader reader)
    {
        var node = file.Require("models", "Write at least one: models: [{ model: PROVIDER/MODEL }].");
        if (node is null) return [];
        if (node is not YamlList list)
        {
            file.Report("models", "'models' must be a list.", "Begin each model with '- model: PROVIDER/MODEL'.");
            return [];
        }

        if (list.Items.Count == 0) file.Report("models", "'models' is an empty list.", "Write at least one: - model: PROVIDER/MODEL.");
        var routes = new List<Route>();
        for (var i = 0; i < list.Items.Count; i++)
        {
            var path = $"models[{i}]";
            if (list.Items[i] is not YamlMap map)
            {
                var name = list.Items[i] is YamlText { Value: { Length: > 0 } given } ? given : "PROVIDER/MODEL";
                reader.Problems.Add(list.Items[i].Line, path, "A model is a mapping of keys.", $"Write '- model: {name}'.");
                continue;
            }

            var entry = new JobMap(map, path, map.Line, reader.Problems);
            if (ReadRoute(entry, reader.Options.Models) is not { } route) continue;
            if (routes.Exists(r => r.Id == route.Id)) entry.Report("model", $"{route.Name} is listed twice.", "Delete one of them.");
            else routes.Add(route);
        }

        return routes;
    }

    private static Route? ReadRoute(JobMap entry, ModelTables tables)
    {
        var name = entry.AsText("model", entry.Require("model", "Write model: PROVIDER/MODEL."));
        var (provider, model) = ReadName(entry, name);
        var baseUrl = ReadBaseUrl(entry, provider);
        var keyEnv = ReadKeyEnv(entry) ?? provider?.ApiKeyEnv;
        var (limits, preset) = LimitsSection.ReadLimits(entry, provider, model, tables);
        var price = LimitsSection.ReadPrice(entry);
        var context = (int?)entry.Whole("context", 256, LargestContext);
        var maxOutput = (int?)entry.Whole("max_output", 16, LargestContext);
        var timeout = entry.Time("timeout", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        entry.Finish();
        if (provider is null || model is null) return null;

        var known = tables.Find(provider.Name, model);
        var contextTokens = context ?? known.ContextTokens;
        if (maxOutput >= contextTokens)
            entry.Report(
                "max_output", $"{maxOutput} leaves no room for the prompt in a context of {contextTokens}.",
                context is null ? "Write less, or give the model's real size with 'context'." : "Write less.");
        if (baseUrl is null) return null;
        return new Route
        {
            Provider = provider.Name,
            Model = model,
            BaseUrl = baseUrl,
            ApiKeyEnv = keyEnv,
            Limits = limits,
            Preset = preset,
            Price = price ?? known.Price,
            ContextTokens = contextTokens,
            // A context given without a reply limit leaves at least half of it to the prompt.
            MaxOutputTokens = maxOutput ?? (context is null ? known.MaxOutputTokens : Math.Min(known.MaxOutputTokens, context.Value / 2)),
            Thinks = known.Thinks,
            Timeout = timeout ?? provider.Timeout,
        };
    }

    private static (KnownProvider? Provider, string? Model) ReadName(JobMap entry, string? name)
    {
        if (name is null) return default;
        var (provider, model, problem) = RouteName.Read(name);
        if (problem is not null) entry.Report("model", problem.Message, problem.Fix);
        return (provider, model);
    }

    private static string? ReadBaseUrl(JobMap entry, KnownProvider? provider)
    {
        if (!entry.Has("base_url"))
        {
            _ = entry.Take("base_url");
            if (provider is { BaseUrl: null })
                entry.Report("base_url", $"'{provider.Name}' needs a base_url.", "Write the server's address, such as base_url: http://localhost:8000/v1.");
            return provider?.BaseUrl;
        }

        if (entry.Text("base_url") is not { } text) return null;
        // The value is not repeated where it may hold a secret.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            entry.Report("base_url", "This is not an http or https address.", "Write one such as https://api.example.com/v1.");
        else if (url.UserInfo.Length > 0)
            entry.Report("base_url", "An address must hold no name or password.", "Name the variable with the key: api_key_env.");
        else if (url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?') || text.Contains('#'))
            entry.Report("base_url", "An address must hold no '?' or '#' part.", "Keep what is before it; name the variable with the key: api_key_env.");
        else
        {
            var address = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
            if (provider is not null && s_addedPaths.Find(path => path.Provider == provider.Name && address.EndsWith(path.Path, StringComparison.Ordinal)) is { } added)
                entry.Report("base_url", $"For {provider.Name} the address is the server's own, without {added.Path}.", $"Write {address[..^added.Path.Length]}.");
            else
                return address;
        }

        return null;
    }

    private static string? ReadKeyEnv(JobMap entry)
    {
        if (entry.Text("api_key_env") is not { } name) return null;
        if (Variable().IsMatch(name) && !Key().IsMatch(name)) return name;
        entry.Report("api_key_env", "This is not the name of an environment variable.", "Write the variable's name, such as GROQ_API_KEY, never the key itself.");
        return null;
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,63}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Variable();

    // How the keys of the usual services begin.
    [GeneratedRegex("^(sk|gsk|pk|AIza|xai|hf)[_-]?[A-Za-z0-9]{20,}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Key();

    private sealed record AddedPath(string Provider, string Path);
}
