using Microsoft.Extensions.AI;
using Rowmill.Core;
using Rowmill.Core.Models;

namespace Rowmill.Typed;

/// <summary>Makes routes of what a job says of them.</summary>
internal static class RouteText
{
    /// <summary>The route of a name.</summary>
    /// <exception cref="ProblemException">There is no such provider or preset.</exception>
    public static Route Read(string name, string? limits, Func<Route, Route>? change, ModelTables tables)
    {
        ArgumentNullException.ThrowIfNull(name);
        var route = Route.Of(name.Trim(), tables);
        if (limits is not null) route = route.Under(limits, tables);
        return Changed(route, change);
    }

    /// <summary>The route that a client serves.</summary>
    /// <exception cref="ProblemException">Nothing tells provider and model.</exception>
    public static Route Of(IChatClient client, string? name, Func<Route, Route>? change, ModelTables tables)
    {
        var metadata = client.GetService<ChatClientMetadata>();
        var (provider, model) = (metadata?.ProviderName, metadata?.DefaultModelId);
        if (name is not null)
        {
            var slash = name.IndexOf('/');
            (provider, model) = slash < 0 ? (null, null) : (name[..slash], name[(slash + 1)..]);
        }

        if (string.IsNullOrWhiteSpace(provider) || string.IsNullOrWhiteSpace(model) || $"{provider}{model}".Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            throw new ProblemException(new Problem(name is null ? "The chat client does not tell its provider and model." : $"'{name}' is not PROVIDER/MODEL.")
            {
                Key = "models",
                Fix = "Name it: job.Model(client, \"provider/model\"). Stored answers carry the name.",
            });
        }

        return Changed(Route.Of(provider, model, metadata?.ProviderUri?.GetLeftPart(UriPartial.Path).TrimEnd('/') ?? "client", tables), change);
    }

    private static Route Changed(Route route, Func<Route, Route>? change) =>
        change is null ? route : change(route) ?? throw new ArgumentException("The change gave no route.", nameof(change));
}
