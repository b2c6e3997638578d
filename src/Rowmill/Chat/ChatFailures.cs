using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rowmill.Core.Models;

namespace Rowmill.Chat;

/// <summary>
/// What a chat client's exception means. Clients of many makers throw exceptions of their own, so the HTTP status is taken from
/// <see cref="HttpRequestException"/> or from the words: <c>HTTP 429 (…)</c> (System.ClientModel), <c>Status: 429 (…)</c> (Azure.Core), <c>Status Code: 429</c>.
/// </summary>
internal static partial class ChatFailures
{
    private const int LongestLine = 600;

    /// <summary>The failure that an exception tells of.</summary>
    /// <param name="thrown">What the client threw.</param>
    /// <param name="form">How the reply's form was asked for.</param>
    public static ModelFailure Of(Exception thrown, StructuredOutput form)
    {
        if (thrown is ModelCallException own) return own.Failure;
        var chain = Chain(thrown).ToList();
        var message = Line(string.Join(": ", chain.Select(e => e.Message).Distinct(StringComparer.Ordinal)));
        if (chain.Select(Status).FirstOrDefault(s => s is not null) is { } status)
            return new ModelFailure(Kind(status, message), message) { HttpStatus = status, RetryAfter = RetryAfter(message) };
        var kind = chain.Exists(e => e is TimeoutException or OperationCanceledException) ? FailureKind.TimedOut
            : chain.Exists(e => e is HttpRequestException or IOException or SocketException) ? FailureKind.ConnectionLost
            : chain.Exists(e => e is JsonException or FormatException or InvalidDataException) ? FailureKind.BadReply
            : thrown is NotSupportedException && form != StructuredOutput.Text ? FailureKind.FormRefused
            : thrown is NotSupportedException or ArgumentException ? FailureKind.BadRequest
            : FailureKind.Unavailable;
        return new ModelFailure(kind, $"{thrown.GetType().Name}: {message}");
    }

    /// <summary>A text in one line of bounded length, without anything that looks like a key.</summary>
    public static string Line(string text)
    {
        var line = Key().Replace(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), "…");
        return line.Length <= LongestLine ? line : line[..LongestLine] + "…";
    }

    private static FailureKind Kind(int status, string message) => status switch
    {
        401 or 403 => FailureKind.KeyRefused,
        402 => FailureKind.QuotaExhausted,
        404 => FailureKind.ModelRefused,
        408 => FailureKind.TimedOut,
        413 => FailureKind.TooLarge,
        429 => Quota().IsMatch(message) ? FailureKind.QuotaExhausted : FailureKind.RateLimited,
        498 or 529 or >= 500 => FailureKind.Unavailable,
        _ => Context().IsMatch(message) ? FailureKind.TooLarge
            : Form().IsMatch(message) ? FailureKind.FormRefused
            : Filter().IsMatch(message) ? FailureKind.Filtered
            : FailureKind.BadRequest,
    };

    private static int? Status(Exception e)
    {
        if (e is HttpRequestException { StatusCode: { } code }) return (int)code;
        if (StatusText().Match(e.Message) is { Success: true } number) return int.Parse(number.Groups["code"].ValueSpan, CultureInfo.InvariantCulture);
        return StatusName().Match(e.Message) is { Success: true } name && Enum.TryParse<HttpStatusCode>(name.Groups["name"].ValueSpan, out var named) ? (int)named : null;
    }

    private static TimeSpan? RetryAfter(string message)
    {
        if (Wait().Match(message) is not { Success: true } wait) return null;
        var number = double.Parse(wait.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        return wait.Groups["unit"].ValueSpan is "ms" ? TimeSpan.FromMilliseconds(number) : TimeSpan.FromSeconds(number);
    }

    private static IEnumerable<Exception> Chain(Exception? e)
    {
        for (; e is not null; e = e.InnerException) yield return e;
    }

    [GeneratedRegex(@"\b(?:HTTP|[Ss]tatus(?:[ -]?[Cc]ode)?:?)\s*(?<code>[45]\d\d)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StatusText();

    [GeneratedRegex(@"\b[Ss]tatus(?:[ -]?[Cc]ode)?:?\s*(?<name>[A-Z][A-Za-z]+)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StatusName();

    [GeneratedRegex(@"\b(try again|retry) (in|after) (?<number>\d{1,6}(\.\d{1,6})?) ?(?<unit>ms|s|sec|seconds?)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Wait();

    [GeneratedRegex("insufficient_quota|billing|credit balance", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Quota();

    [GeneratedRegex("context[_ ](length|window)|maximum context|too long|too many tokens", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Context();

    [GeneratedRegex("response[_ ]?format|json[_ ]?schema|response_?schema|structured output", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();

    [GeneratedRegex("content[_ ]filter|content management policy", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Filter();

    // How the keys of the usual services begin.
    [GeneratedRegex(@"\b(sk|gsk|pk|AIza|xai|hf)[_-]?[A-Za-z0-9_-]{16,}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Key();
}
