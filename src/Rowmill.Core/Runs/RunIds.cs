using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Rowmill.Core.Runs;

/// <summary>Names for runs, and the identity of what a run asks.</summary>
internal static class RunIds
{
    private const string Digits = "0123456789abcdefghijkmnpqrstuvwxyz";

    /// <summary>A new run id: the time in UTC and six random characters, so that ids sort by time.</summary>
    public static string New(TimeProvider clock, Func<double> chance)
    {
        var text = new StringBuilder(clock.GetUtcNow().ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture));
        for (var i = 0; i < 6; i++) text.Append(Digits[(int)(chance() * Digits.Length)]);
        return text.ToString();
    }

    /// <summary>Differs after an edit of the job that can leave stored answers unused: of the question or the routes.</summary>
    public static string Identity(OpenedJob plan)
    {
        var text = string.Join('\n', plan.Scope.Routes.Order(StringComparer.Ordinal).Prepend(plan.Scope.Question));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }
}
