using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Anthropic's manners, from its SDK's types, its pages and captured replies.</summary>
internal sealed class AnthropicDialect : FieldDialect
{
    private const string Bad = "invalid_request_error";
    private const string Limit = "rate_limit_error";
    private const string Pages = "https://docs.claude.com/en/api/rate-limits";

    private static readonly Place s_chat = new(Operation.Chat, HttpMethods.Post);
    private static readonly Place s_count = new(Operation.CountTokens, HttpMethods.Post);
    private static readonly Place s_models = new(Operation.Models, HttpMethods.Get);

    private readonly MessagesReader _reader;

    public AnthropicDialect(SimulatorOptions options, SchemaLibrary schemas)
        : base(options)
    {
        _reader = new MessagesReader(this, schemas);
        Chat = new MessagesWire(_reader);
        Batches = new AnthropicBatches(this);
    }

    public override string BasePath => "";

    public override ChatWire Chat { get; }

    public override BatchWire? Batches { get; }

    public override bool RefusesApart => true;

    public override bool CachedTokensAreFree => true;

    public override string? RequestIdHeader => "request-id";

    /// <summary>The output limit is not reserved; what is written counts when it is written.</summary>
    public override Claim Reserve(int prompt, int output, TokenReservation reservation) => new(prompt, prompt, 0);

    public override Place? Find(HttpRequest request)
    {
        const string Models = "/v1/models";
        var path = request.Path.Value ?? "";
        // A feature that is not for everybody yet is asked for in a header.
        var beta = request.Headers["anthropic-beta"].ToString();
        if (path == "/v1/messages") return beta.Length == 0 ? s_chat : s_chat with { Version = beta };
        if (path == "/v1/messages/count_tokens") return s_count;
        if (Batches!.Find(path, request) is { } place) return place;
        if (path == Models) return s_models;
        return path.StartsWith(Models + "/", StringComparison.Ordinal) ? s_models with { Model = path[(Models.Length + 1)..] } : null;
    }

    /// <summary>A bearer token is an account's and no key.</summary>
    public override string? KeyOf(HttpRequest request, out bool misplaced)
    {
        var key = request.Headers["x-api-key"].ToString();
        misplaced = key.Length == 0 && request.Headers.Authorization.Count > 0;
        return key.Length == 0 ? null : key;
    }

    public override ErrorReply? Headers(HttpRequest request, Place place)
    {
        var version = request.Headers["anthropic-version"].ToString();
        if (version.Length == 0) return Refuse("anthropic-version: header is required");
        return version is "2023-06-01" or "2023-01-01" ? null : Refuse($"anthropic-version: \"{version}\" is not a valid version");
    }

    public override Told Tell(Question question)
    {
        if (question.Place.Operation == Operation.CountTokens)
        {
            var (request, error) = _reader.Read(question.Body, question.Place, asked: false);
            if (error is not null) return error;
            return new Told(Encoding.UTF8.GetBytes($$"""{"input_tokens":{{request!.PromptTokens}}}"""));
        }

        return AnthropicModels.Tell(this, question, Options.KnownModels is not null);
    }

    public override ErrorReply UnknownUrl(string method, string path) => new(404, "Not Found", "not_found_error");

    public override ErrorReply WrongMethod(string method, string path) => new(405, "Method Not Allowed", Bad);

    public override ErrorReply NoKey() => new(401, "x-api-key header is required", "authentication_error");

    public override ErrorReply WrongKey(string key) => new(401, "invalid x-api-key", "authentication_error");

    public override ErrorReply BadContentType(string contentType) => Refuse("Content-Type must be application/json");

    public override ErrorReply BadJson() => Refuse("The request body is not valid JSON");

    public override ErrorReply UnknownModel(string model) => new(404, $"model: {model}", "not_found_error");

    public override ErrorReply UnknownFields(IReadOnlyList<string> names) => UnknownNested(names[0]);

    public override ErrorReply UnsupportedField(string name) => UnknownNested(name);

    public override ErrorReply UnknownNested(string path) => Refuse($"{path}: Extra inputs are not permitted");

    public override ErrorReply Missing(string path) => Refuse($"{path}: Field required");

    public override ErrorReply WrongType(string path, string expected, string got) => Refuse(
        $"{path}: Input should be a valid {expected switch { "an integer" => "integer", "a decimal" => "number", "an object" => "dictionary", "a boolean" => "boolean", "a string" => "string", _ => "list" }}");

    public override ErrorReply OutOfRange(string path, bool integer, bool above, double limit, string value) => integer
        ? Refuse($"{path}: Input should be {(above ? "less" : "greater")} than or equal to {limit.ToString(CultureInfo.InvariantCulture)}")
        : Refuse($"{path}: range: 0..1");

    public override ErrorReply BadChoice(string path, string value, IReadOnlyList<string> choices)
    {
        var quoted = choices.Select(c => $"'{c}'").ToArray();
        var listed = quoted.Length == 1 ? quoted[0] : $"{string.Join(", ", quoted[..^1])} or {quoted[^1]}";
        return Refuse($"{path}: Input should be {listed}");
    }

    public override ErrorReply EmptyArray(string path) => Refuse($"{path}: at least one message is required");

    public override ErrorReply TooLong(string path, int limit, int length) => Refuse($"{path}: String should have at most {limit} characters");

    public override ErrorReply FlawedSchema(string name, SchemaFlaw flaw) => Refuse($"{name}: {flaw.Subject}");

    public override ErrorReply NotSimulated(string path) => Refuse($"The simulator does not simulate '{path}'.");

    /// <summary>Any other mistake, in these words.</summary>
    public ErrorReply Refuse(string message) => new(400, message, Bad);

    public override ErrorReply RateLimited(string model, Refusal refusal) => new(
        429,
        $"This request would exceed your organization's rate limit of {refusal.Limit:n0} {Words(refusal.Dimension)} (org: simulated, model: "
        + $"{model}). For details, refer to: {Pages}. You can see the response headers for current usage. Please reduce the prompt length or "
        + "the maximum tokens requested, or try again later.",
        Limit)
    {
        RetryAfter = refusal.Wait,
        Outcome = "rate_limited",
    };

    public override ErrorReply TooLarge(string model, Refusal refusal) => RateLimited(model, refusal) with { Outcome = "too_large" };

    public override ErrorReply Limited(string retryHeader) =>
        new(429, "This request would exceed your account's rate limit. Please try again later.", Limit) { RetryHeader = retryHeader };

    public override ErrorReply ContextExceeded(ChatRequest request, int limit, int tokens) =>
        Refuse($"prompt is too long: {tokens} tokens > {limit} maximum");

    public override ErrorReply ServerError() => new(500, "Internal server error", "api_error");

    public override ErrorReply Overloaded() => new(529, "Overloaded", "overloaded_error");

    public override ErrorReply QuotaExceeded() => new(
        402,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
        "billing_error");

    /// <summary>It has the type of a limit, and no <c>retry-after</c>.</summary>
    public override ErrorReply SpendCap() => new(429, "You have reached your specified API usage limits.", Limit)
    {
        Details = new JsonObject { ["error_visibility"] = "user_facing", ["error_code"] = "enforced_spend_limit_reached" },
    };

    /// <summary>It has no JSON mode.</summary>
    public override ErrorReply RefusedForm(string model, SimulatorForm form) => Refuse(form == SimulatorForm.StrictSchema
        ? $"'{model}' does not support output format."
        : "tool_choice: forced tool use is not supported by this model");

    public override ErrorReply? Filtered() => Refuse("Output blocked by content filtering policy");

    /// <summary>It has no limits by day of its own: a cap on spending is the nearest.</summary>
    public override ErrorReply DayUsedUp(string model, long limit) => SpendCap();

    public override ErrorReply NoAllowance(string model) => new(403, "Your API key does not have permission to use the specified resource.", "permission_error");

    public override byte[] Body(ErrorReply error, string requestId) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", "error");
        writer.WriteStartObject("error");
        writer.WriteString("type", error.Type);
        writer.WriteString("message", error.Message);
        if (error.Details is { } details)
        {
            writer.WritePropertyName("details");
            details.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteString("request_id", requestId);
        writer.WriteEndObject();
    });

    public override IEnumerable<KeyValuePair<string, string>> LimitHeaders(IReadOnlyList<BucketReading> readings, DateTimeOffset now)
    {
        // The tokens' headers show the most restrictive of the limits on tokens, which is the fullest bucket that is the emptiest in share.
        BucketReading? tightest = null;
        foreach (var reading in readings)
        {
            var name = reading.Dimension switch
            {
                Dimension.RequestsPerMinute => "requests",
                Dimension.InputTokensPerMinute => "input-tokens",
                Dimension.OutputTokensPerMinute => "output-tokens",
                _ => null,
            };
            if (name is not null) foreach (var header in Group(name, reading, now)) yield return header;
            if (reading.Dimension is Dimension.RequestsPerMinute or Dimension.RequestsPerDay) continue;
            if (tightest is not { } other || Share(reading) < Share(other)) tightest = reading;
        }

        if (tightest is { } tokens)
            foreach (var header in Group("tokens", tokens, now)) yield return header;

        static double Share(BucketReading reading) => (double)reading.Remaining / reading.Limit;
    }

    /// <summary>Resets are times of RFC 3339, and what remains of tokens is rounded to thousands.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Group(string name, BucketReading reading, DateTimeOffset now)
    {
        var remaining = name == "requests" ? reading.Remaining : (long)Math.Round(reading.Remaining / 1000.0) * 1000;
        yield return new($"anthropic-ratelimit-{name}-limit", $"{reading.Limit}");
        yield return new($"anthropic-ratelimit-{name}-remaining", $"{remaining}");
        yield return new($"anthropic-ratelimit-{name}-reset", (now + reading.Reset).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private static string Words(Dimension dimension) => dimension switch
    {
        Dimension.RequestsPerMinute => "requests per minute",
        Dimension.InputTokensPerMinute => "input tokens per minute",
        Dimension.OutputTokensPerMinute => "output tokens per minute",
        Dimension.TokensPerMinute => "tokens per minute",
        Dimension.RequestsPerDay => "requests per day",
        _ => "tokens per day",
    };
}
