using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Limits;

/// <summary>What a refusal by a limit means; one status stands for several things, and the words decide.</summary>
/// <param name="Kind">What it means.</param>
internal sealed record LimitRefusal(FailureKind Kind)
{
    private static readonly string[] s_quotaCodes =
    [
        "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance", "insufficient_funds",
        "enforced_spend_limit_reached",
    ];

    private static readonly string[] s_overloadCodes =
        ["overloaded_error", "engine_overloaded", "server_overloaded", "resource_unavailable", "capacity_exceeded"];

    /// <summary>The windows that refused, the ruling one first; empty when none is named.</summary>
    public IReadOnlyList<LimitReading> Readings { get; private init; } = [];

    /// <summary>True when the time it says to wait is not the time after which it would pass.</summary>
    public bool WaitIsFalse { get; private init; }

    /// <summary>The wait told in the body outside its words (Google's RetryInfo); null when there is none.</summary>
    public TimeSpan? Wait { get; private init; }

    /// <summary>The window that rules; null when none is named.</summary>
    public string? Window => Readings.Count > 0 ? Readings[0].Window : null;

    /// <summary>True when a code says that the account has no money left.</summary>
    public static bool IsQuotaCode(ServiceError error) => HasCode(error, s_quotaCodes);

    /// <summary>
    /// Reads a batch that was refused because too many tokens of others wait already: a 400, a 429, or the error of a batch that failed while it was
    /// checked. Null for anything else.
    /// </summary>
    public static LimitRefusal? OfQueue(ServiceError error)
    {
        var words = error.Message ?? "";
        if (error.Code is not "token_limit_exceeded" && !Says(words, "enqueued token limit")) return null;
        // "Limit: 900,000 enqueued tokens"
        var limit = LimitText.Find(words)?.Limit;
        return new(limit == 0 ? FailureKind.NoAllowance : FailureKind.RateLimited) { Readings = [new LimitReading(LimitNames.EnqueuedTokens) { Limit = limit, Refused = true }] };
    }

    /// <summary>Reads a 429.</summary>
    public static LimitRefusal Of(ServiceError error)
    {
        if (IsQuotaCode(error)) return new(FailureKind.QuotaExhausted);
        if (error.Quota is { } quota) return OfGoogle(quota);
        var words = error.Message ?? "";
        var text = LimitText.Find(words);
        if (text is { Limit: 0, Requested: not null } or { Limit: 0, Window: not null }) return new(FailureKind.NoAllowance) { Readings = Named(text) };
        if (Says(words, "request too large") || text is { NeverFits: true }) return TooLarge(words);
        if (text?.Window is not null) return new(FailureKind.RateLimited) { Readings = Named(text) };
        // OpenAI's flex tier says "Resource Unavailable", its other tiers "The engine is currently overloaded".
        if (HasCode(error, s_overloadCodes) || Says(words, "resource unavailable") || Says(words, "overloaded")) return new(FailureKind.Unavailable);
        // Groq's ordinary limit text ends with a link to its billing page, and Google's has OpenAI's words for an empty account.
        var isEmpty = error.Status is not "RESOURCE_EXHAUSTED" && RetryAfter.FromWords(words) is null
            && (Says(words, "exceeded your current quota") || Says(words, "insufficient balance"));
        return new(isEmpty ? FailureKind.QuotaExhausted : FailureKind.RateLimited);
    }

    /// <summary>Reads a request that no window admits whole, however long one waits: a 413, or a 429 with these words.</summary>
    public static LimitRefusal TooLarge(string? words) =>
        new(FailureKind.TooLarge) { WaitIsFalse = true, Readings = LimitText.Find(words) is { } text ? Named(text) : [] };

    /// <summary>All that a refusal says of windows: its words, and the headers beside them.</summary>
    /// <param name="headers">What the headers say.</param>
    /// <param name="headersNameTheSpan">True when the headers' spans are not inferred from their numbers.</param>
    /// <param name="opensIn">How long until the request would have fitted.</param>
    public IReadOnlyList<LimitReading> With(IReadOnlyList<LimitReading> headers, bool headersNameTheSpan, TimeSpan? opensIn)
    {
        if (Readings.Count == 0) return headers;
        var all = new List<LimitReading>(Readings);
        if (Kind is FailureKind.RateLimited) all[0] = all[0] with { OpensIn = opensIn };
        foreach (var told in headers)
        {
            var same = all.FindIndex(r => r.Window == told.Window);
            if (same >= 0) all[same] = Joined(all[same], told);
            // The words know the span; a header with the same limit is about the same window.
            else if (headersNameTheSpan || !Readings.Any(r => r.Limit == told.Limit && IsOfRequests(r) == IsOfRequests(told))) all.Add(told);
        }

        return all;
    }

    private static LimitReading Joined(LimitReading words, LimitReading headers)
    {
        var limit = words.Limit ?? headers.Limit;
        var left = headers.Remaining > limit ? limit : headers.Remaining;
        return words with { Limit = limit, Remaining = left, FullIn = headers.FullIn };
    }

    private static LimitRefusal OfGoogle(GoogleQuota quota)
    {
        var ruling = quota.Ruling;
        var ordered = quota.Violations.Where(v => v.Window is not null).OrderByDescending(v => v == ruling).ThenByDescending(v => v.IsDay);
        return new(quota.NoAllowance ? FailureKind.NoAllowance : FailureKind.RateLimited)
        {
            // One reading per window; equal windows of several tiers come with their own limits, the ruling one first.
            Readings = [.. ordered.DistinctBy(v => v.Window).Select(v => new LimitReading(v.Window!)
            {
                Limit = v.Limit, Used = v.IsDay ? v.Limit : null, Refused = true, Calendar = v.IsDay,
            })],
            WaitIsFalse = quota.NoAllowance || ruling?.IsDay is true,
            Wait = quota.RetryDelay,
        };
    }

    private static LimitReading[] Named(LimitText text) =>
        text.Window is null ? []
        : [new LimitReading(text.Window) { Limit = text.Limit, Used = text.Used, Requested = text.Requested, Refused = true }];

    private static bool IsOfRequests(LimitReading reading) => reading.Window.StartsWith("requests", StringComparison.Ordinal);

    private static bool HasCode(ServiceError error, string[] codes) =>
        Array.IndexOf(codes, error.Code) >= 0 || Array.IndexOf(codes, error.Type) >= 0;

    private static bool Says(string words, string phrase) => words.Contains(phrase, StringComparison.OrdinalIgnoreCase);
}
