using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>Google's refusals as its OpenAI-compatible endpoint wraps them.</summary>
public sealed class GoogleQuotaTests
{
    private const string Requests = "generativelanguage.googleapis.com/generate_content_free_tier_requests";
    private const string InputTokens = "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count";
    private const string RequestsPerDay = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    private const string RequestsPerMinute = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    private const string TokensPerMinute = "GenerateContentInputTokensPerModelPerMinute-FreeTier";
    private const string TokensPerDay = "GenerateContentInputTokensPerModelPerDay-FreeTier";

    [Fact]
    public async Task A_days_quota_is_a_day_whatever_the_delay_beside_it()
    {
        var (failure, limits) = await RefusedAsync(Violation(Requests, RequestsPerDay, "20"));
        Assert.Equal((FailureKind.RateLimited, "requests_per_day", (TimeSpan?)null), (failure.Kind, failure.Window, failure.RetryAfter));
        Assert.Equal(new LimitReading("requests_per_day") { Limit = 20, Used = 20, Refused = true, Calendar = true }, Assert.Single(limits));
        Assert.StartsWith("You exceeded your current quota, please check your plan and billing details.", failure.Message, StringComparison.Ordinal);
        Assert.Contains(RequestsPerDay, failure.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_minutes_quota_opens_after_its_delay()
    {
        var (failure, limits) = await RefusedAsync(Violation(Requests, RequestsPerMinute, "15"));
        Assert.Equal((FailureKind.RateLimited, "requests_per_minute"), (failure.Kind, failure.Window));
        Assert.Equal(TimeSpan.FromMilliseconds(32410), failure.RetryAfter);
        Assert.Equal(
            new LimitReading("requests_per_minute") { Limit = 15, OpensIn = TimeSpan.FromMilliseconds(32410), Refused = true }, Assert.Single(limits));
    }

    [Theory]
    [InlineData(TokensPerMinute, "input_tokens_per_minute", false)]
    [InlineData(TokensPerDay, "tokens_per_day", true)]
    public async Task Prompt_tokens_have_windows_of_their_own(string quota, string window, bool isDay)
    {
        var (failure, limits) = await RefusedAsync(Violation(InputTokens, quota, "250000"));
        Assert.Equal(window, failure.Window);
        Assert.Equal((250000L, isDay), (limits[0].Limit, limits[0].Calendar));
    }

    [Fact]
    public async Task Of_several_the_one_that_takes_longest_rules_in_any_order()
    {
        string[] violations = [Violation(InputTokens, TokensPerMinute, "250000"), Violation(Requests, RequestsPerDay, "20"), Violation(Requests, RequestsPerMinute, "5")];
        foreach (var order in new[] { violations, [.. violations.Reverse()] })
        {
            var (failure, limits) = await RefusedAsync(order);
            Assert.Equal(("requests_per_day", (TimeSpan?)null), (failure.Window, failure.RetryAfter));
            Assert.Equal("requests_per_day", limits[0].Window);
            Assert.Equal(["input_tokens_per_minute", "requests_per_day", "requests_per_minute"], limits.Select(l => l.Window).Order(StringComparer.Ordinal));
            Assert.All(limits, limit => Assert.True(limit.Refused && limit.OpensIn is null));
        }
    }

    [Fact]
    public async Task A_quota_without_a_value_is_none_and_outranks_all()
    {
        var (failure, limits) = await RefusedAsync(Violation(Requests, RequestsPerDay, "20"), Violation(InputTokens, TokensPerMinute, null));
        Assert.Equal((FailureKind.NoAllowance, "input_tokens_per_minute", (TimeSpan?)null), (failure.Kind, failure.Window, failure.RetryAfter));
        Assert.Equal(0, limits[0].Limit);
    }

    [Theory]
    [InlineData(20, FailureKind.RateLimited)]
    [InlineData(0, FailureKind.NoAllowance)]
    public async Task A_message_without_details_still_tells_its_limit(int limit, FailureKind kind)
    {
        var body = $$$"""[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota. \n* Quota exceeded for metric: {{{Requests}}}, limit: {{{limit}}}, model: gemini-x\nPlease retry in 32.41s."}}]""";
        var failure = await Given.Failure(new ScriptedHttp().Reply(429, body));
        Assert.Equal((kind, (string?)null), (failure.Kind, failure.Window));
        Assert.Equal(limit == 0 ? null : 32.41, failure.RetryAfter?.TotalSeconds);
    }

    [Theory]
    [InlineData("""{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7.5s"}""", 7.5)]
    [InlineData("""{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"-7s"}""", null)]
    [InlineData("""{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"subject":"project:1","description":"too many"}]}""", null)]
    [InlineData("""{"violations":[7,null,{},{"quotaId":7,"quotaMetric":[],"quotaValue":{}}]}""", null)]
    [InlineData("""7""", null)]
    public async Task Details_that_name_no_quota_leave_the_window_open(string detail, double? wait)
    {
        var body = $$$"""[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Resource exhausted.","details":[{{{detail}}}]}}]""";
        var failure = await Given.Failure(new ScriptedHttp().Reply(429, body));
        Assert.Equal((FailureKind.RateLimited, (string?)null, wait), (failure.Kind, failure.Window, failure.RetryAfter?.TotalSeconds));
    }

    internal static string Body(params string[] violations) => $$$"""
        [{"error":{"code":429,"status":"RESOURCE_EXHAUSTED",
         "message":"You exceeded your current quota, please check your plan and billing details. For more, see https://ai.google.dev/gemini-api/docs/rate-limits. \nPlease retry in 32.41s.",
         "details":[
          {"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"Learn more about Gemini API quotas","url":"https://ai.google.dev/gemini-api/docs/rate-limits"}]},
          {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{{string.Join(",", violations)}}}]},
          {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"32s"}]}}]
        """;

    internal static string Violation(string metric, string id, string? value) =>
        $$$"""{"quotaMetric":"{{{metric}}}","quotaId":"{{{id}}}","quotaDimensions":{"location":"global","model":"gemini-x"}{{{(value is null ? "" : $",\"quotaValue\":\"{value}\"")}}}}""";

    private static async Task<(ModelFailure Failure, IReadOnlyList<LimitReading> Limits)> RefusedAsync(params string[] violations)
    {
        var result = await Given.Client(new ScriptedHttp().Reply(429, Body(violations)), Given.Route("openai-compatible")).AskAsync(Given.Request());
        Assert.False(result.Succeeded);
        return (result.Failure, result.Limits);
    }
}
