using Rowmill.Core;
using Rowmill.Core.Models;

namespace Rowmill.Providers;

/// <summary>API keys by the name of their environment variable. A key leaves this type only into a request's header.</summary>
/// <param name="read">Gives the value of a variable, or null when it is not set.</param>
public sealed class ApiKeys(Func<string, string?> read)
{
    /// <summary>The keys in this process's environment.</summary>
    public static ApiKeys Environment { get; } = new(System.Environment.GetEnvironmentVariable);

    /// <summary>What is wrong with the key a route needs; null when it is fine or the route needs none. Never holds the key.</summary>
    public Problem? Check(Route route)
    {
        if (route.ApiKeyEnv is not { } variable) return null;
        var key = read(variable);
        if (string.IsNullOrEmpty(key))
        {
            return new Problem($"{route.Name} needs a key, but the environment variable {variable} is not set.")
            {
                Key = "api_key_env",
                Fix = $"Set it with: export {variable}=…",
                MissingKey = variable,
            };
        }

        // A header cannot carry these, and a line break in it would be a second header.
        if (key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return new Problem($"The key in {variable} holds a space, a line break or a character that no key has.")
            {
                Key = "api_key_env",
                Fix = "Copy it again, without quotes or line breaks.",
            };
        }

        return null;
    }

    /// <summary>A name for the account behind a route's key that does not tell the key.</summary>
    /// <param name="route">The route.</param>
    /// <param name="fingerprint">Makes a key's salted fingerprint.</param>
    /// <returns>Null when the route has no key.</returns>
    public async ValueTask<string?> AccountAsync(Route route, Func<string, ValueTask<string>> fingerprint) =>
        Find(route) is { } key ? await fingerprint(key).ConfigureAwait(false) : null;

    /// <summary>Says nothing of the keys.</summary>
    public override string ToString() => "API keys (hidden)";

    internal string? Find(Route route) => route.ApiKeyEnv is { } variable && read(variable) is { Length: > 0 } key ? key : null;
}
