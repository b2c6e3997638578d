namespace Rowmill.Core.Models;

/// <summary>Reads <c>provider/model</c>.</summary>
internal static class RouteName
{
    /// <summary>The provider, which may be known although the name is wrong, and the model; or what is wrong.</summary>
    public static (KnownProvider? Provider, string? Model, Problem? Problem) Read(string name)
    {
        var slash = name.IndexOf('/');
        var provider = slash < 0 ? name : name[..slash];
        var model = slash < 0 ? "" : name[(slash + 1)..];
        var known = KnownProviders.Find(provider);
        var names = KnownProviders.All.Select(p => p.Name).ToArray();
        if (slash < 0)
            return Wrong($"'{name}' is not PROVIDER/MODEL.", known is null ? $"Write a provider before it: {string.Join(", ", names)}." : $"Write {name}/MODEL.");
        if (known is null) return Wrong($"There is no provider '{provider}'.", NearestName.Suggest(provider, names));
        if (!IsModel(model)) return Wrong($"'{model}' is not a model's name.", "Write the provider's own name of it, without spaces.");
        return (known, model, null);

        (KnownProvider?, string?, Problem?) Wrong(string message, string fix) => (known, null, new Problem(message) { Key = "model", Fix = fix });
    }

    /// <summary>Whether a provider could call a model so.</summary>
    public static bool IsModel(string model) => model.Length > 0 && !model.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));
}
