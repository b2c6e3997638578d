using System.Text.Json.Nodes;

namespace Rowmill.Simulator.Protocol;

/// <summary>
/// Refusals by a quota as Google's OpenAI-compatible endpoint writes them: in an array, with google.rpc details. A day's quota carries a
/// delay of seconds that lies; a quota of nothing has no value (captures).
/// </summary>
internal static class GoogleRefusal
{
    private const string Metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests";

    /// <summary>The day's requests are used up.</summary>
    public static ErrorReply DayUsedUp(string model, long limit) => Reply(model, limit);

    /// <summary>The account may not ask this model at all.</summary>
    public static ErrorReply NoAllowance(string model) => Reply(model, 0);

    private static ErrorReply Reply(string model, long limit)
    {
        var violation = new JsonObject
        {
            ["quotaMetric"] = Metric,
            ["quotaId"] = "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            ["quotaDimensions"] = new JsonObject { ["location"] = "global", ["model"] = model },
        };
        if (limit > 0) violation["quotaValue"] = $"{limit}";
        var error = new JsonObject
        {
            ["code"] = 429,
            ["message"] = "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
                + "head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n"
                + $"* Quota exceeded for metric: {Metric}, limit: {limit}, model: {model}\nPlease retry in 32.41s.",
            ["status"] = "RESOURCE_EXHAUSTED",
            ["details"] = new JsonArray(
                Detail("Help", "links", new JsonArray(new JsonObject
                {
                    ["description"] = "Learn more about Gemini API quotas",
                    ["url"] = "https://ai.google.dev/gemini-api/docs/rate-limits",
                })),
                Detail("QuotaFailure", "violations", new JsonArray(violation)),
                Detail("RetryInfo", "retryDelay", "32s")),
        };
        return new ErrorReply(429, new JsonArray(new JsonObject { ["error"] = error }).ToJsonString(), "") { Bare = true };
    }

    private static JsonObject Detail(string type, string key, JsonNode value) =>
        new() { ["@type"] = $"type.googleapis.com/google.rpc.{type}", [key] = value };
}
