using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>Google's refusals of its own interface.</summary>
public sealed class GeminiFailureTests
{
    public static TheoryData<int, string, FailureKind> Examples => new()
    {
        { 400, Error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", """{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}"""), FailureKind.KeyRefused },
        { 400, Error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", """{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}"""), FailureKind.KeyRefused },
        { 403, Error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers. Please use API Key."), FailureKind.KeyRefused },
        { 403, Error(403, "PERMISSION_DENIED", "Generative Language API has not been used in project 1 before or it is disabled.", """{"reason":"SERVICE_DISABLED"}"""), FailureKind.KeyRefused },
        { 400, Error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), FailureKind.KeyRefused },
        { 400, Error(400, "FAILED_PRECONDITION", "Gemini API free tier is not available in your country. Please enable billing on your project."), FailureKind.QuotaExhausted },
        { 400, Error(400, "FAILED_PRECONDITION", "The File abc is not in an ACTIVE state and usage is not allowed."), FailureKind.BadRequest },
        { 429, Error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted. Please go to AI Studio."), FailureKind.QuotaExhausted },
        { 404, Error(404, "NOT_FOUND", "models/gemini-x is not found for API version v1beta, or is not supported for generateContent."), FailureKind.ModelRefused },
        { 404, Error(404, "NOT_FOUND", "This model models/gemini-x is no longer available to new users. Please update your code to use a newer model."), FailureKind.ModelRefused },
        { 404, "<html><title>Error 404 (Not Found)!!1</title></html>", FailureKind.BadRequest },
        { 429, Error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), FailureKind.RateLimited },
        { 429, Error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."), FailureKind.RateLimited },
        { 500, Error(500, "INTERNAL", "An internal error has occurred. Please retry."), FailureKind.Unavailable },
        { 503, Error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), FailureKind.Unavailable },
        { 504, Error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."), FailureKind.Unavailable },
        { 400, Error(400, "INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."), FailureKind.TooLarge },
        { 400, Error(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."), FailureKind.TooLarge },
        { 400, Error(400, "INVALID_ARGUMENT", "Unable to submit request because it has a maxOutputTokens value of 99999 but the supported range is from 1 (inclusive) to 65537 (exclusive)."), FailureKind.TooLarge },
        { 400, Error(400, "INVALID_ARGUMENT", "Unable to submit request because it has a temperature value of 3 but the supported range is from 0 (inclusive) to 2.0 (inclusive)."), FailureKind.BadRequest },
        { 400, Error(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \\\"responseJsonSchema\\\" at 'generation_config': Cannot find field."), FailureKind.FormRefused },
        { 400, Error(400, "INVALID_ARGUMENT", "* GenerateContentRequest.generation_config.response_schema.properties[rows].items: missing field."), FailureKind.FormRefused },
        { 400, Error(400, "INVALID_ARGUMENT", "The specified schema produces a constraint that has too many states for serving."), FailureKind.FormRefused },
        { 400, Error(400, "INVALID_ARGUMENT", "JSON mode is not enabled for models/gemma-3-27b-it"), FailureKind.FormRefused },
        { 400, Error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), FailureKind.BadRequest },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Each_refusal_is_told_for_what_it_is(int status, string body, FailureKind kind)
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(status, body), GeminiClientTests.Route);
        Assert.Equal(kind, failure.Kind);
        Assert.Equal(status, failure.HttpStatus);
    }

    [Fact]
    public async Task A_form_cannot_be_refused_where_none_was_asked_for()
    {
        var http = new ScriptedHttp().Reply(400, Error(400, "INVALID_ARGUMENT", "response_schema is odd"));
        Assert.Equal(FailureKind.BadRequest, (await Given.Failure(http, GeminiClientTests.Route, form: StructuredOutput.Text)).Kind);
    }

    [Fact]
    public async Task A_day_that_is_used_up_is_no_wait_of_seconds()
    {
        var result = await AskAsync(Quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20"));
        Assert.Equal((FailureKind.RateLimited, "requests_per_day", (TimeSpan?)null), (result.Failure!.Kind, result.Failure.Window, result.Failure.RetryAfter));
        Assert.Equal(new LimitReading("requests_per_day") { Limit = 20, Used = 20, Refused = true, Calendar = true }, Assert.Single(result.Limits));
    }

    [Fact]
    public async Task A_minute_opens_after_its_delay()
    {
        var failure = (await AskAsync(Quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "5"))).Failure!;
        Assert.Equal((FailureKind.RateLimited, "requests_per_minute"), (failure.Kind, failure.Window));
        Assert.Equal(TimeSpan.FromMilliseconds(32_410), failure.RetryAfter);
    }

    [Fact]
    public async Task A_model_that_the_plan_does_not_hold_has_no_allowance()
    {
        var failure = (await AskAsync(Quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", null, words: 0))).Failure!;
        Assert.Equal((FailureKind.NoAllowance, (TimeSpan?)null), (failure.Kind, failure.RetryAfter));
    }

    private static string Quota(string id, string? value, int words = 20) => Error(
        429, "RESOURCE_EXHAUSTED",
        $"You exceeded your current quota. \\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: {words}, model: gemini-x\\nPlease retry in 32.41s.",
        $$$"""{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"{{{id}}}"{{{(value is null ? "" : $",\"quotaValue\":\"{value}\"")}}}}]}""",
        """{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"32s"}""");

    private static string Error(int code, string status, string message, params string[] details) =>
        $$$"""{"error":{"code":{{{code}}},"message":"{{{message}}}","status":"{{{status}}}","details":[{{{string.Join(',', details)}}}]}}""";

    private static async Task<ModelResult> AskAsync(string body) =>
        await Given.Client(new ScriptedHttp().Reply(429, body), GeminiClientTests.Route).AskAsync(Given.Request());
}
