using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>Anthropic's refusals.</summary>
public sealed class AnthropicFailureTests
{
    private const string OverLimit =
        "This request would exceed the rate limit for your organization (0a1b) of 30,000 input tokens per minute. For details, refer to: https://docs.anthropic.com/en/api/rate-limits.";

    public static TheoryData<int, string, FailureKind> Examples => new()
    {
        { 401, Error("authentication_error", "invalid x-api-key"), FailureKind.KeyRefused },
        { 403, Error("permission_error", "Your API key does not have permission to use the specified resource"), FailureKind.KeyRefused },
        { 402, Error("billing_error", "There is an issue with your billing or payment information"), FailureKind.QuotaExhausted },
        { 400, Error("invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."), FailureKind.QuotaExhausted },
        { 400, Error("invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."), FailureKind.QuotaExhausted },
        { 404, Error("not_found_error", "model: claude-9"), FailureKind.ModelRefused },
        { 404, Error("not_found_error", "Not Found"), FailureKind.BadRequest },
        { 413, Error("request_too_large", "Request exceeds the maximum size"), FailureKind.TooLarge },
        { 400, Error("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"), FailureKind.TooLarge },
        { 400, Error("invalid_request_error", "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again"), FailureKind.TooLarge },
        { 400, Error("invalid_request_error", "max_tokens: 99999 > 64000, which is the maximum allowed number of output tokens for claude-x"), FailureKind.TooLarge },
        { 429, Error("rate_limit_error", OverLimit), FailureKind.RateLimited },
        { 429, Error("rate_limit_error", "This request would exceed your organization's maximum usage increase rate for input tokens per minute. Please scale up your input tokens usage more gradually."), FailureKind.RateLimited },
        { 429, """{"type":"error","error":{"type":"rate_limit_error","message":"Limit reached.","error_code":"enforced_spend_limit_reached"}}""", FailureKind.QuotaExhausted },
        { 429, """{"type":"error","error":{"details":{"error_visibility":"user_facing","error_code":"enforced_spend_limit_reached"},"type":"rate_limit_error","message":"Limit reached."},"request_id":"req_1"}""", FailureKind.QuotaExhausted },
        { 429, Error("rate_limit_error", "You have reached the spend limit of this workspace."), FailureKind.QuotaExhausted },
        { 500, Error("api_error", "Internal server error"), FailureKind.Unavailable },
        { 504, Error("timeout_error", "The request timed out"), FailureKind.Unavailable },
        { 529, Error("overloaded_error", "Overloaded"), FailureKind.Unavailable },
        { 400, Error("invalid_request_error", "output_config: Extra inputs are not permitted"), FailureKind.FormRefused },
        { 400, Error("invalid_request_error", "'claude-x' does not support output format."), FailureKind.FormRefused },
        { 400, Error("invalid_request_error", "output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 are not supported"), FailureKind.FormRefused },
        { 400, Error("invalid_request_error", "The compiled grammar is too large, which would cause performance issues."), FailureKind.FormRefused },
        { 400, Error("invalid_request_error", "tool_choice: forced tool use is not supported by this model"), FailureKind.FormRefused },
        { 400, Error("invalid_request_error", "Output blocked by content filtering policy"), FailureKind.Filtered },
        { 400, Error("invalid_request_error", "`max_tokens` must be greater than `thinking.budget_tokens`."), FailureKind.BadRequest },
        { 400, Error("invalid_request_error", "messages: first message must use the user role"), FailureKind.BadRequest },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Each_refusal_is_told_for_what_it_is(int status, string body, FailureKind kind)
    {
        var result = await Given.Client(new ScriptedHttp().Reply(status, body, ("request-id", "req_9")), AnthropicClientTests.Route)
            .AskAsync(Given.Request(StructuredOutput.StrictSchema));
        Assert.Equal((kind, status, "req_9"), (result.Failure!.Kind, result.Failure.HttpStatus, result.RequestId));
        Assert.Contains("request-id: req_9", result.Failure.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_names_its_window_and_how_long()
    {
        var result = await Given.Client(
            new ScriptedHttp().Reply(429, Error("rate_limit_error", OverLimit), ("retry-after", "17"), ("anthropic-ratelimit-input-tokens-limit", "30000"), ("anthropic-ratelimit-input-tokens-remaining", "2000")),
            AnthropicClientTests.Route).AskAsync(Given.Request());
        Assert.Equal(("input_tokens_per_minute", TimeSpan.FromSeconds(17)), (result.Failure!.Window, result.Failure.RetryAfter));
        Assert.Equal(
            new LimitReading("input_tokens_per_minute") { Limit = 30_000, Remaining = 2_000, Refused = true, OpensIn = TimeSpan.FromSeconds(17) },
            Assert.Single(result.Limits));
    }

    [Theory]
    [InlineData("of 50 requests per minute", "requests_per_minute", 50)]
    [InlineData("of 8,000 output tokens per minute", "output_tokens_per_minute", 8_000)]
    [InlineData("of 1,000,000 tokens per day", "tokens_per_day", 1_000_000)]
    public async Task Each_window_is_named_in_words(string words, string window, long limit)
    {
        var http = new ScriptedHttp().Reply(429, Error("rate_limit_error", $"This request would exceed your organization's rate limit {words}."));
        var result = await Given.Client(http, AnthropicClientTests.Route).AskAsync(Given.Request());
        Assert.Equal((FailureKind.RateLimited, window), (result.Failure!.Kind, result.Failure.Window));
        Assert.Equal(limit, Assert.Single(result.Limits).Limit);
    }

    // It may be a spend cap whose code is not known, or too steep a rise: only time tells, so it is asked again at a pace of its own.
    [Fact]
    public async Task A_limit_without_a_window_or_a_wait_is_a_limit_all_the_same()
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(429, Error("rate_limit_error", "Too many requests.")), AnthropicClientTests.Route);
        Assert.Equal((FailureKind.RateLimited, null, (TimeSpan?)null), (failure.Kind, failure.Window, failure.RetryAfter));
    }

    [Fact]
    public async Task A_reply_without_room_to_think_says_what_to_do() => Assert.Contains(
        "raise max_output_tokens",
        (await Given.Failure(new ScriptedHttp().Reply(400, Error("invalid_request_error", "`max_tokens` must be greater than `thinking.budget_tokens`.")), AnthropicClientTests.Route)).Message,
        StringComparison.Ordinal);

    private static string Error(string type, string message) =>
        $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"},"request_id":"req_1"}""";
}
