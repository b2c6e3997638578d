using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

public sealed class OpenAiFailureTests
{
    internal const string Vllm =
        """{"error":{"message":"'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 32768 tokens and your request has 29000 input tokens (4096 > 32768 - 29000).","type":"BadRequestError","param":null,"code":400}}""";

    private const string GroqDaily =
        """{"error":{"message":"Rate limit reached for model `openai/gpt-oss-120b` in organization `org_01x` service tier `on_demand` on tokens per day (TPD): Limit 200000, Used 197494, Requested 4035. Please try again in 11m0.528s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing","type":"tokens","code":"rate_limit_exceeded"}}""";

    private const string GroqTooLarge =
        """{"error":{"message":"Request too large for model `m` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 8000, Requested 11387, please reduce your message size and try again. Need more tokens? Visit https://console.groq.com/settings/billing","type":"tokens","code":"rate_limit_exceeded"}}""";

    public static TheoryData<int, string, FailureKind> Examples => new()
    {
        // Keys and accounts
        { 401, """{"error":{"message":"Incorrect API key provided: sk-pr*****aCe. You can find your API key at …","type":"invalid_request_error","code":"invalid_api_key","param":null}}""", FailureKind.KeyRefused },
        { 401, "", FailureKind.KeyRefused },
        { 403, """{"error":{"message":"Country, region, or territory not supported","code":"unsupported_country_region_territory"}}""", FailureKind.KeyRefused },
        { 403, "error code: 1010", FailureKind.BadReply },
        { 400, """{"error":{"message":"Organization has been restricted.","type":"invalid_request_error","code":"organization_restricted"}}""", FailureKind.KeyRefused },
        { 400, """[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]""", FailureKind.KeyRefused },
        { 402, """{"error":{"message":"Insufficient Balance"}}""", FailureKind.QuotaExhausted },
        { 429, """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""", FailureKind.QuotaExhausted },
        { 429, """{"error":{"message":"You exceeded your current quota, please check your plan and billing details."}}""", FailureKind.QuotaExhausted },
        { 400, """{"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","code":"billing_hard_limit_reached"}}""", FailureKind.QuotaExhausted },

        // Limits
        { 429, GroqDaily, FailureKind.RateLimited },
        { 429, """{"error":{"message":"Rate limit reached for gpt-x in organization org-x on tokens per min (TPM): Limit 50000, Used 47949, Requested 3006. Please try again in 1.146s. Visit …","type":"tokens","param":null,"code":"rate_limit_exceeded"}}""", FailureKind.RateLimited },
        { 429, """{"error":{"message":"Resource Unavailable"}}""", FailureKind.Unavailable },
        { 429, """{"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error"}}""", FailureKind.Unavailable },
        { 429, """{"error":{"message":"Rate limit reached for m in organization o on tokens per min (TPM): Limit 0, Used 0, Requested 12.","type":"tokens","code":"rate_limit_exceeded"}}""", FailureKind.NoAllowance },
        { 429, """[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}]""", FailureKind.RateLimited },
        { 429, "slow down", FailureKind.RateLimited },
        { 429, "", FailureKind.RateLimited },

        // Too large
        { 413, GroqTooLarge, FailureKind.TooLarge },
        { 429, GroqTooLarge, FailureKind.TooLarge },
        { 429, """{"error":{"message":"Request too large for gpt-x in organization org-x on tokens per min (TPM): Limit 30000, Requested 31000. The input or output tokens must be reduced in order to run successfully.","type":"tokens","code":"rate_limit_exceeded"}}""", FailureKind.TooLarge },
        { 429, """{"error":{"message":"on tokens per minute (TPM): Limit 6000, Used 226, Requested 12089."}}""", FailureKind.TooLarge },
        { 413, "<html><head><title>413 Request Entity Too Large</title></head></html>", FailureKind.TooLarge },
        { 400, """{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", FailureKind.TooLarge },
        { 400, Vllm, FailureKind.TooLarge },
        { 400, """{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400}""", FailureKind.TooLarge },
        { 400, """{"error":{"code":400,"type":"exceed_context_size_error","message":"request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it","n_prompt_tokens":9412,"n_ctx":8192}}""", FailureKind.TooLarge },
        { 400, """{"error":"the prompt is longer than the context length currently available to the model; shorten it"}""", FailureKind.TooLarge },

        { 400, """{"error":{"message":"max_tokens is too large: 32768. This model supports at most 16384 completion tokens, whereas you provided 32768.","param":"max_tokens","code":"invalid_value"}}""", FailureKind.TooLarge },
        { 400, """{"error":{"message":"`max_completion_tokens` must be less than or equal to `8192`, the maximum value for this model","type":"invalid_request_error"}}""", FailureKind.TooLarge },
        { 400, """{"error":{"message":"`temperature` must be less than or equal to 2","type":"invalid_request_error"}}""", FailureKind.BadRequest },

        // The service
        { 408, "", FailureKind.Unavailable },
        { 409, """{"error":{"message":"conflict"}}""", FailureKind.Unavailable },
        { 498, """{"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded"}}""", FailureKind.Unavailable },
        { 499, """{"error":"request canceled"}""", FailureKind.Unavailable },
        { 500, """{"error":{"message":"The server had an error","type":"server_error"}}""", FailureKind.Unavailable },
        { 502, "<html><head><title>502 Bad Gateway</title></head></html>", FailureKind.Unavailable },
        { 503, """{"error":{"message":"server busy, please try again.  maximum pending requests exceeded","type":"api_error","param":null,"code":null}}""", FailureKind.Unavailable },
        { 503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", FailureKind.Unavailable },
        { 529, """{"error":{"type":"overloaded_error","message":"Overloaded"}}""", FailureKind.Unavailable },
        { 500, """{"error":"model requires more system memory (5.6 GiB) than is available (3.1 GiB)"}""", FailureKind.Unavailable },
        { 500, """{"error":{"message":"llama-server reported out-of-memory during startup: cudaMalloc failed","type":"api_error"}}""", FailureKind.Unavailable },
        { 400, """{"error":"memory layout cannot be allocated with num_gpu = 99"}""", FailureKind.Unavailable },

        // The model
        { 404, """{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}""", FailureKind.ModelRefused },
        { 404, """{"error":{"message":"model 'm' not found","type":"not_found_error","param":null,"code":null}}""", FailureKind.ModelRefused },
        { 404, """{"error":"model \"m\" not found, try pulling it first"}""", FailureKind.ModelRefused },
        { 400, """{"error":{"message":"The model `x` has been decommissioned and is no longer supported.","type":"invalid_request_error","code":"model_decommissioned"}}""", FailureKind.ModelRefused },
        { 403, """{"error":{"message":"Project `p` does not have access to model `gpt-x`","type":"invalid_request_error","code":"model_not_found"}}""", FailureKind.ModelRefused },
        { 404, "404 page not found", FailureKind.BadRequest },
        { 404, """{"error":{"message":"Invalid URL (POST /chat/completions)","type":"invalid_request_error"}}""", FailureKind.BadRequest },

        // Azure, vLLM, llama.cpp and Gemini's compatible endpoint, where they differ
        { 400, """{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"invalid_request","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}""", FailureKind.Filtered },
        { 404, """{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}""", FailureKind.ModelRefused },
        { 401, """{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}""", FailureKind.KeyRefused },
        { 429, """{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current pricing tier. Please retry after 26 seconds."}}""", FailureKind.RateLimited },
        { 404, """{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404}""", FailureKind.ModelRefused },
        { 400, """{"error":{"message":"The provided JSON schema contains features not supported by xgrammar.","type":"BadRequestError","param":null,"code":400}}""", FailureKind.FormRefused },
        { 400, """{"error":{"code":400,"message":"JSON schema conversion failed: Pattern must start with '^' and end with '$'","type":"invalid_request_error"}}""", FailureKind.FormRefused },
        { 500, """{"error":{"message":"invalid JSON schema in format","type":"api_error","param":null,"code":null}}""", FailureKind.FormRefused },
        { 500, """{"error":{"message":"failed to load model vocabulary required for format","type":"api_error","param":null,"code":null}}""", FailureKind.FormRefused },
        { 400, """{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}""", FailureKind.Filtered },
        { 400, """{"error":{"message":"Invalid prompt: it is empty.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}""", FailureKind.BadRequest },
        { 400, """{"error":{"code":400,"message":"failed to parse grammar","type":"invalid_request_error"}}""", FailureKind.FormRefused },
        { 404, """[{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1main, or is not supported for generateContent.","status":"NOT_FOUND"}}]""", FailureKind.ModelRefused },
        { 503, """[{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}]""", FailureKind.Unavailable },

        // The request
        { 400, """{"error":{"message":"This model does not support response format `json_schema`. See supported models at …","type":"invalid_request_error"}}""", FailureKind.FormRefused },
        { 400, """{"error":{"message":"Invalid schema for response_format 'rows': In context=('properties',), 'x' is not permitted.","type":"invalid_request_error","param":"response_format","code":null}}""", FailureKind.FormRefused },
        { 400, """{"error":{"message":"Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details.","type":"invalid_request_error","code":"json_validate_failed","failed_generation":"{\"rows\":[{\"id\":1"}}""", FailureKind.BadGeneration },
        { 400, """{"error":{"message":"Failed to generate JSON.","code":"json_validate_failed","failed_generation":"max completion tokens reached before generating a valid document"}}""", FailureKind.BadGeneration },
        { 400, """{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","param":"prompt","code":"content_filter"}}""", FailureKind.Filtered },
        { 400, """{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}""", FailureKind.BadRequest },
        { 422, """{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}""", FailureKind.BadRequest },
        { 400, """{"error":{"message":"invalid message content type","type":"invalid_request_error"}}""", FailureKind.BadRequest },
        { 302, "", FailureKind.BadRequest },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Each_refusal_is_told_for_what_it_is(int status, string body, FailureKind kind)
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(status, body));
        Assert.Equal(kind, failure.Kind);
        Assert.Equal(status, failure.HttpStatus);
        // A filter works for its money; what OpenAI flags it does not begin.
        var isPaid = kind is FailureKind.BadGeneration || (kind is FailureKind.Filtered && !body.Contains("flagged", StringComparison.Ordinal));
        Assert.Equal(isPaid, failure.Billed);
        Assert.InRange(failure.Message.Length, 1, 300);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.StartsWith($"HTTP {status}", failure.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"error":{"message":"one  two\n three"}}""", "one two three")]
    [InlineData("""[{"error":{"message":"in a list"}}]""", "in a list")]
    [InlineData("""{"error":"just text"}""", "just text")]
    [InlineData("""{"object":"error","message":"flat","code":400}""", "flat")]
    [InlineData("""{"detail":"fast"}""", "fast")]
    [InlineData("<html><head><title>Bad Gateway</title></head><body>…</body></html>", "Bad Gateway")]
    [InlineData("upstream went away\n", "upstream went away")]
    [InlineData("", "HTTP 503 Service Unavailable without a word")]
    public async Task The_message_is_the_services_own_words_in_one_line(string body, string message) =>
        Assert.Equal(message, (await Given.Failure(new ScriptedHttp().Reply(503, body))).Message);

    [Fact]
    public async Task A_long_message_is_cut()
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(400, new string('x', 5000)));
        Assert.Equal(300, failure.Message.Length);
        Assert.EndsWith("…", failure.Message, StringComparison.Ordinal);
        Assert.InRange(failure.Evidence!.Length, 4096, 4200);
    }

    [Fact]
    public async Task The_evidence_holds_the_limit_headers_and_no_others()
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(429, GroqDaily,
            ("x-ratelimit-remaining-tokens", "7960"), ("Retry-After", "661"), ("x-request-id", "req_9"), ("Set-Cookie", "c=1"), ("Content-Type", "application/json")));
        Assert.Contains("x-ratelimit-remaining-tokens: 7960\n", failure.Evidence, StringComparison.Ordinal);
        Assert.Contains("retry-after: 661\n", failure.Evidence, StringComparison.Ordinal);
        Assert.Contains("x-request-id: req_9\n", failure.Evidence, StringComparison.Ordinal);
        Assert.Contains("Limit 200000, Used 197494", failure.Evidence, StringComparison.Ordinal);
        Assert.DoesNotContain("c=1", failure.Evidence, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(660.528), failure.RetryAfter);
    }

    [Theory]
    [InlineData(413, GroqTooLarge)]
    [InlineData(429, GroqTooLarge)]
    [InlineData(429, """{"error":{"message":"x","code":"insufficient_quota"}}""")]
    public async Task What_waiting_does_not_mend_gives_no_time_to_wait(int status, string body) =>
        Assert.Null((await Given.Failure(new ScriptedHttp().Reply(status, body, ("retry-after", "64")))).RetryAfter);

    [Fact]
    public async Task A_failed_generation_keeps_what_the_model_wrote()
    {
        var failure = await Given.Failure(new ScriptedHttp().Reply(400,
            """{"error":{"message":"Failed to validate JSON","code":"json_validate_failed","failed_generation":"{\"rows\":[{\"id\":1,\"t\":\"é\"}"}}"""));
        Assert.Equal("""{"rows":[{"id":1,"t":"é"}""", Given.Utf8(failure.PartialText));
    }

    [Fact]
    public async Task In_plain_text_no_form_can_be_refused()
    {
        var http = new ScriptedHttp().Reply(400, """{"error":{"message":"response_format is odd"}}""");
        Assert.Equal(FailureKind.BadRequest, (await Given.Failure(http, form: StructuredOutput.Text)).Kind);
    }

    [Theory]
    [InlineData("openai", 404, "404 page not found", "is base_url https://api.test/v1 right?")]
    [InlineData("openai", 403, "error code: 1010", "the key was not looked at")]
    [InlineData("openai-compatible", 500, """{"error":"model requires more system memory (5.6 GiB) than is available (3.1 GiB)"}""", "smaller model")]
    public async Task The_message_says_what_to_do(string provider, int status, string body, string advice) =>
        Assert.Contains(advice, (await Given.Failure(new ScriptedHttp().Reply(status, body), Given.Route(provider))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_redirect_names_where_it_leads_and_is_not_followed()
    {
        var http = new ScriptedHttp().Reply(301, "", ("Location", "https://new.test/v1/chat/completions"));
        Assert.Contains("https://new.test/v1", (await Given.Failure(http)).Message, StringComparison.Ordinal);
        Assert.Single(http.Sent);
    }
}
