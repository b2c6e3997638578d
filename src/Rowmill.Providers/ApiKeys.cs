using System.Security.Cryptography;
using System.Text;
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

    /// <summary>A name for the account behind a route's key that does not tell the key: 16 hexadecimal digits of its salted hash.</summary>
    /// <param name="route">The route.</param>
    /// <param name="salt">A secret of this user's machine.</param>
    /// <returns>Null when the route has no key.</returns>
    public string? Fingerprint(Route route, ReadOnlySpan<byte> salt) =>
        Find(route) is { } key ? Convert.ToHexStringLower(HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(key)).AsSpan(0, 8)) : null;

    /// <summary>Says nothing of the keys.</summary>
    public override string ToString() => "API keys (hidden)";

    internal string? Find(Route route) => route.ApiKeyEnv is { } variable && read(variable) is { Length: > 0 } key ? key : null;
}
