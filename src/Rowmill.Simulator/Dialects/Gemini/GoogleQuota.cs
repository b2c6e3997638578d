using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>
/// Refusals by a quota as Google writes them, with google.rpc details. A day's quota carries a delay of seconds that lies; a quota of
/// nothing has no value (captures).
/// </summary>
internal static class GoogleQuota
{
    private const string Service = "generativelanguage.googleapis.com";
    private const string Requests = $"{Service}/generate_content_free_tier_requests";
    private const string Input = $"{Service}/generate_content_free_tier_input_token_count";

    /// <summary>What a day's quota tells as its delay, whenever it opens (capture).</summary>
    private static readonly TimeSpan s_dayDelay = TimeSpan.FromSeconds(32.41);

    /// <summary>The day's requests are used up.</summary>
    public static ErrorReply DayUsedUp(string model, long limit) =>
        Reply(model, limit, Requests, "GenerateRequestsPerDayPerProjectPerModel-FreeTier", s_dayDelay);

    /// <summary>The account may not ask this model at all.</summary>
    public static ErrorReply NoAllowance(string model) => DayUsedUp(model, 0);

    /// <summary>A limit is reached.</summary>
    public static ErrorReply Of(string model, Refusal refusal)
    {
        var (metric, id) = refusal.Dimension switch
        {
            Dimension.RequestsPerMinute => (Requests, "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
            Dimension.RequestsPerDay => (Requests, "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
            Dimension.TokensPerDay => (Input, "GenerateContentInputTokensPerModelPerDay-FreeTier"),
            _ => (Input, "GenerateContentInputTokensPerModelPerMinute-FreeTier"),
        };
        var delay = refusal.Dimension is Dimension.RequestsPerDay or Dimension.TokensPerDay ? s_dayDelay : refusal.Wait;
        return Reply(model, refusal.Limit, metric, id, delay) with { Outcome = refusal.Oversized ? "too_large" : "rate_limited" };
    }

    private static ErrorReply Reply(string model, long limit, string metric, string id, TimeSpan delay)
    {
        var violation = new JsonObject
        {
            ["quotaMetric"] = metric,
            ["quotaId"] = id,
            ["quotaDimensions"] = new JsonObject { ["location"] = "global", ["model"] = model },
        };
        if (limit > 0) violation["quotaValue"] = $"{limit}";
        var seconds = delay.TotalSeconds.ToString("0.#########", CultureInfo.InvariantCulture);
        return GoogleErrors.Error(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
                + "head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n"
                + $"* Quota exceeded for metric: {metric}, limit: {limit}, model: {model}\nPlease retry in {seconds}s.",
            GoogleErrors.Detail("Help", "links", new JsonArray(new JsonObject
            {
                ["description"] = "Learn more about Gemini API quotas",
                ["url"] = "https://ai.google.dev/gemini-api/docs/rate-limits",
            })),
            GoogleErrors.Detail("QuotaFailure", "violations", new JsonArray(violation)),
            GoogleErrors.Detail("RetryInfo", "retryDelay", delay == s_dayDelay ? "32s" : $"{seconds}s"));
    }
}
