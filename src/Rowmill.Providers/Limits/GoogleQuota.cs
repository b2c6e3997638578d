using System.Globalization;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Limits;

/// <summary>One quota that Google says was exceeded.</summary>
/// <param name="Window">The window, one of <see cref="LimitNames"/>; null when it is none of ours.</param>
/// <param name="Limit">What it admits per span; 0 is no allowance; null when nothing says.</param>
internal sealed record GoogleViolation(string? Window, long? Limit)
{
    /// <summary>True for a calendar day, which ends at midnight in Los Angeles.</summary>
    public bool IsDay { get; init; }
}

/// <summary>What Google's error says of quotas: <c>details</c> with QuotaFailure and RetryInfo (google.rpc), or the words of its message.</summary>
/// <param name="Violations">The quotas exceeded; several may be at once.</param>
/// <param name="RetryDelay">How long it says to wait. A day's violation carries a delay of seconds all the same.</param>
internal sealed record GoogleQuota(IReadOnlyList<GoogleViolation> Violations, TimeSpan? RetryDelay)
{
    /// <summary>True when the account has no allowance for the model at all.</summary>
    public bool NoAllowance => Violations.Any(v => v.Limit == 0);

    /// <summary>The violation that takes longest: no allowance, then a day, then a minute; null when there is none.</summary>
    public GoogleViolation? Ruling =>
        Violations.FirstOrDefault(v => v.Limit == 0) ?? Violations.FirstOrDefault(v => v.IsDay)
        ?? Violations.FirstOrDefault(v => v.Window is not null) ?? Violations.FirstOrDefault();

    /// <summary>Reads the object within <c>error</c>; null when it says nothing of quotas. Never throws for what it holds.</summary>
    public static GoogleQuota? Read(JsonElement error)
    {
        var message = Text(error, "message");
        var violations = new List<GoogleViolation>();
        TimeSpan? delay = null;
        if (error.TryGetProperty("details", out var details) && details.ValueKind is JsonValueKind.Array)
        {
            foreach (var detail in details.EnumerateArray())
            {
                if (detail.ValueKind is not JsonValueKind.Object) continue;
                if (GoDuration.Parse(Text(detail, "retryDelay")) is { } told) delay = told;
                if (detail.TryGetProperty("violations", out var list) && list.ValueKind is JsonValueKind.Array)
                    violations.AddRange(list.EnumerateArray().Select(violation => Violation(violation, message)).OfType<GoogleViolation>());
            }
        }

        if (violations.Count == 0 && LimitInWords(message, "") is { } limit) violations.Add(new GoogleViolation(null, limit));
        return violations.Count == 0 && delay is null ? null : new GoogleQuota(violations, delay);
    }

    private static GoogleViolation? Violation(JsonElement violation, string? message)
    {
        if (violation.ValueKind is not JsonValueKind.Object) return null;
        var (id, metric) = (Text(violation, "quotaId") ?? "", Text(violation, "quotaMetric") ?? "");
        if (id.Length == 0 && metric.Length == 0) return null; // google.rpc's plain form names no quota
        // Zero is left out, as everywhere in this protocol; the message says it in words.
        var limit = Number(Text(violation, "quotaValue")) ?? (violation.TryGetProperty("quotaValue", out _) ? null : LimitInWords(message, metric) ?? 0);
        var isDay = Says(id, "PerDay");
        return new GoogleViolation(Window(id, metric, isDay), limit) { IsDay = isDay };
    }

    // GenerateRequestsPerDayPerProjectPerModel-FreeTier, GenerateContentInputTokensPerModelPerMinute-FreeTier.
    private static string? Window(string id, string metric, bool isDay)
    {
        if (Says(id, "Enqueued") || Says(metric, "enqueued")) return LimitNames.EnqueuedTokens;
        if (!isDay && !Says(id, "PerMinute")) return null;
        if (Says(id, "Token") || Says(metric, "token"))
        {
            return isDay ? LimitNames.TokensPerDay
                : Says(id, "InputToken") || Says(metric, "input_token") ? LimitNames.InputTokensPerMinute
                : Says(id, "OutputToken") || Says(metric, "output_token") ? LimitNames.OutputTokensPerMinute
                : LimitNames.TokensPerMinute;
        }

        return Says(id, "Request") || Says(metric, "requests")
            ? isDay ? LimitNames.RequestsPerDay : LimitNames.RequestsPerMinute
            : null;
    }

    // "* Quota exceeded for metric: generativelanguage.googleapis.com/…_requests, limit: 20, model: gemini-x"
    private static long? LimitInWords(string? message, string metric)
    {
        const string Label = ", limit: ";
        var at = message?.IndexOf($"Quota exceeded for metric: {metric}", StringComparison.OrdinalIgnoreCase) ?? -1;
        if (at < 0) return null;
        var line = message.AsSpan(at);
        if (line.IndexOf('\n') is >= 0 and var end) line = line[..end];
        var label = line.IndexOf(Label);
        if (label < 0) return null;
        var digits = line[(label + Label.Length)..];
        var length = digits.IndexOfAnyExceptInRange('0', '9');
        return Number(length < 0 ? digits : digits[..length]);
    }

    private static long? Number(ReadOnlySpan<char> text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Text(JsonElement parent, string name) => JsonText.Of(parent, name);

    private static bool Says(string words, string phrase) => words.Contains(phrase, StringComparison.OrdinalIgnoreCase);
}
