using System.Text.Json.Nodes;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's form of an error: <c>{"error":{"code","message","status","details"}}</c>, in an array at its OpenAI-compatible endpoint.</summary>
internal static class GoogleErrors
{
    private const string Domain = "googleapis.com";

    /// <summary>The page that stands for paths that do not exist.</summary>
    public static ErrorReply NoPage { get; } = new(
        404, "<!DOCTYPE html>\n<title>Error 404 (Not Found)!!1</title>\n<p>The requested URL was not found on this server.\n", "")
    {
        Bare = true,
        ContentType = "text/html; charset=UTF-8",
    };

    /// <summary>A limit without numbers.</summary>
    public static ErrorReply Exhausted => Error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).");

    /// <summary>Gemma's words for every form; a service that does not know the newer field yet has no such field.</summary>
    public static ErrorReply RefusedForm(string model, SimulatorForm form, bool native) => Invalid(native && form == SimulatorForm.StrictSchema
        ? "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field."
        : $"JSON mode is not enabled for models/{model}");

    public static ErrorReply BadJson() => Invalid("Invalid JSON payload received. Unexpected token.");

    /// <summary>An error; its status is the <see cref="ErrorReply.Type"/>.</summary>
    public static ErrorReply Error(int code, string status, string message, params JsonNode[] details) =>
        new(code, message, status) { Details = details.Length == 0 ? null : new JsonArray(details) };

    public static ErrorReply Invalid(string message) => Error(400, "INVALID_ARGUMENT", message);

    /// <summary>Fields that are wrong, and the places they stand in.</summary>
    public static ErrorReply BadFields(IReadOnlyList<(string Place, string Message)> fields)
    {
        var violations = new JsonArray();
        foreach (var (place, message) in fields)
        {
            var violation = new JsonObject();
            if (place.Length > 0) violation["field"] = place;
            violation["description"] = message;
            violations.Add((JsonNode)violation);
        }

        return Error(
            400,
            "INVALID_ARGUMENT",
            string.Join('\n', fields.Select(f => f.Message)),
            Detail("BadRequest", "fieldViolations", violations));
    }

    public static ErrorReply WrongKey() => Error(
        400,
        "INVALID_ARGUMENT",
        "API key not valid. Please pass a valid API key.",
        new JsonObject
        {
            ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
            ["reason"] = "API_KEY_INVALID",
            ["domain"] = Domain,
            ["metadata"] = new JsonObject { ["service"] = "generativelanguage.googleapis.com" },
        });

    public static ErrorReply UnknownModel(string model) => Error(
        404,
        "NOT_FOUND",
        $"models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of "
            + "available models and their supported methods.");

    public static ErrorReply Overloaded() => Error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.");

    public static ErrorReply ServerError() => Error(
        500, "INTERNAL", "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting");

    public static ErrorReply ContextExceeded(int limit, int tokens) =>
        Invalid($"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({limit}).");

    /// <summary>The body of an error.</summary>
    /// <param name="error">The error.</param>
    /// <param name="array">True at the OpenAI-compatible endpoint.</param>
    public static JsonNode Body(ErrorReply error, bool array)
    {
        var inner = new JsonObject { ["code"] = error.Status, ["message"] = error.Message, ["status"] = error.Type };
        if (error.Details is { } details) inner["details"] = details.DeepClone();
        var body = new JsonObject { ["error"] = inner };
        return array ? new JsonArray(body) : body;
    }

    /// <summary>An error of the OpenAI-compatible endpoint out of another provider's mouth.</summary>
    public static ErrorReply Foreign(ErrorReply error) =>
        new(error.Status, Body(error, array: true).ToJsonString(Json.Nodes), "") { Bare = true };

    public static JsonObject Detail(string type, string key, JsonNode value) =>
        new() { ["@type"] = $"type.googleapis.com/google.rpc.{type}", [key] = value };
}
