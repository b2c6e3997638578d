using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Azure's manners around OpenAI's models: deployments in the path, a version in the query, a filter before and behind. Captures.</summary>
internal sealed class AzureDialect(SimulatorOptions options, SchemaLibrary schemas) : OpenAiDialect(options, schemas)
{
    /// <summary>The first version of the API that takes a schema.</summary>
    private const string SchemaVersion = "2024-08-01";

    private const string Deployments = "/openai/deployments/";

    private static readonly string[] s_categories = ["hate", "self_harm", "sexual", "violence"];

    public override string BasePath => "/openai/v1";

    public override Place? Find(HttpRequest request)
    {
        if (base.Find(request) is { } place) return place;
        var path = request.Path.Value ?? "";
        if (!path.StartsWith(Deployments, StringComparison.Ordinal)) return null;
        var parts = path[Deployments.Length..].Split('/', 2);
        var version = request.Query["api-version"].ToString();
        // Without a version there is no such resource.
        if (parts.Length < 2 || parts[0].Length == 0 || version.Length == 0) return null;
        Operation? operation = parts[1] switch
        {
            "chat/completions" => Operation.Chat,
            "embeddings" => Operation.Embed,
            "audio/transcriptions" => Operation.Transcribe,
            _ => null,
        };
        return operation is { } known ? new Place(known, HttpMethods.Post, parts[0]) { Version = version } : null;
    }

    /// <summary>The newer paths take the key as OpenAI's do, too.</summary>
    public override string? KeyOf(HttpRequest request, out bool misplaced)
    {
        misplaced = false;
        var key = request.Headers["api-key"].ToString();
        if (key.Length > 0) return key;
        if (request.Path.StartsWithSegments(BasePath, StringComparison.Ordinal)) return base.KeyOf(request, out misplaced);
        misplaced = request.Headers.Authorization.Count > 0;
        return null;
    }

    public override ErrorReply? RefusedByModel(JsonElement body, string model, Place place) =>
        place.Version is { } version && string.CompareOrdinal(version, SchemaVersion) < 0
        && Json.Has(body, "response_format", out var form) && form.ValueKind == JsonValueKind.Object
        && Json.Has(form, "type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("json_schema")
            ? new ErrorReply(400, $"response_format value as json_schema is enabled only for api versions {SchemaVersion}-preview and later", "invalid_request_error") { Code = "BadRequest" }
            : base.RefusedByModel(body, model, place);

    public override ErrorReply UnknownUrl(string method, string path) => new(404, "Resource not found", "") { Code = "404" };

    public override ErrorReply WrongMethod(string method, string path) => UnknownUrl(method, path);

    public override ErrorReply NoKey() => WrongKey("");

    public override ErrorReply WrongKey(string key) => new(
        401,
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription "
            + "and use a correct regional API endpoint for your resource.",
        "")
    {
        Code = "401",
    };

    public override ErrorReply UnknownModel(string model) => new(
        404,
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment "
            + "and try again.",
        "")
    {
        Code = "DeploymentNotFound",
    };

    public override ErrorReply RateLimited(string model, Refusal refusal) => new(
        429,
        $"Requests to the ChatCompletions_Create Operation under Azure OpenAI API have exceeded {(Unit(refusal.Dimension) == "tokens" ? "token" : "call")} "
            + $"rate limit of your current OpenAI S0 pricing tier. Please retry after {Math.Ceiling(refusal.Wait.TotalSeconds - 1e-6):0} seconds.",
        "")
    {
        Code = "429",
        RetryAfter = refusal.Wait,
        Outcome = "rate_limited",
    };

    public override ErrorReply? BlockedPrompt() => new(
        400,
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and "
            + "retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
        "")
    {
        Param = "prompt",
        Code = "content_filter",
        // Its page of prices: a 400 of the filter is charged for.
        Charged = true,
        Details = new JsonObject { ["code"] = "ResponsibleAIPolicyViolation", ["content_filter_result"] = Results(filtered: true) },
    };

    public override void WriteChoice(Utf8JsonWriter writer, Spoken spoken)
    {
        base.WriteChoice(writer, spoken);
        writer.WritePropertyName("content_filter_results");
        Results(spoken.Completion.Ending == Ending.Filtered).WriteTo(writer);
    }

    public override void WriteReply(Utf8JsonWriter writer, Spoken spoken)
    {
        base.WriteReply(writer, spoken);
        writer.WriteStartArray("prompt_filter_results");
        writer.WriteStartObject();
        writer.WriteNumber("prompt_index", 0);
        writer.WritePropertyName("content_filter_results");
        Results(filtered: false).WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    /// <summary>Errors of the gateway have a code and a message, those of the model all four fields and perhaps what the filter found.</summary>
    protected override void WriteError(Utf8JsonWriter writer, ErrorReply error)
    {
        if (error.Type.Length > 0)
        {
            base.WriteError(writer, error);
            return;
        }

        writer.WriteString("code", error.Code);
        writer.WriteString("message", error.Message);
        if (error.Details is null) return;
        writer.WriteNull("type");
        writer.WriteString("param", error.Param);
        writer.WriteNumber("status", error.Status);
        writer.WritePropertyName("innererror");
        error.Details.WriteTo(writer);
    }

    private static JsonObject Results(bool filtered)
    {
        var results = new JsonObject();
        foreach (var category in s_categories)
        {
            var found = filtered && category == "violence";
            results[category] = new JsonObject { ["filtered"] = found, ["severity"] = found ? "medium" : "safe" };
        }

        return results;
    }
}
