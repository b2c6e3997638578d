using System.Security.Cryptography;
using System.Text;

namespace Rowmill.Core.Limits;

/// <summary>Names an account by its key without showing the key.</summary>
public static class KeyFingerprint
{
    /// <summary>Length of a salt in bytes.</summary>
    public const int SaltBytes = 32;

    /// <summary>The first 16 hex digits of HMAC-SHA256 of the key under a salt that each user draws once.</summary>
    public static string Of(ReadOnlySpan<byte> salt, string key) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(key)).AsSpan(0, 8));
}
