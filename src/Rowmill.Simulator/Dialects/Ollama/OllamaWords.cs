namespace Rowmill.Simulator.Dialects.Ollama;

/// <summary>What Ollama says, whichever of its forms carries the words. Source: its code and its history.</summary>
internal static class OllamaWords
{
    /// <summary>Two spaces, as in its sources.</summary>
    public const string Busy = "server busy, please try again.  maximum pending requests exceeded";

    public const string TooManyRequests = "too many concurrent requests";

    /// <summary>What its cloud says when an account has used up what it pays for.</summary>
    public const string UsageLimit = "you've reached your usage limit, upgrade for higher limits";

    public const string NoPage = "404 page not found";

    public const string BadJson = "invalid character in the request body";

    /// <summary>The model has ended. Version 0.30 has another process, and names it.</summary>
    public static string Ended(bool old) => old
        ? "llama runner process has terminated: exit status 2"
        : "llama-server process has terminated: exit status 2";

    /// <summary>The model does not fit. Version 0.30 gave up estimating and tells what its process said.</summary>
    public static string OutOfMemory(bool old) => old
        ? "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"
        : "llama-server reported out-of-memory during startup: cudaMalloc failed: out of memory";

    /// <summary>Versions before 0.5 knew no schema; the newer ones make a grammar of it, for which a model's vocabulary must be known.</summary>
    public static string RefusedForm(SimulatorForm form, bool old) =>
        form == SimulatorForm.JsonObject ? "failed to load model vocabulary required for format"
        : old ? "json: cannot unmarshal object into Go struct field ChatRequest.format of type string"
        : "invalid JSON schema in format";

    /// <summary>The model is not there: of two texts, the older one comes from where models are loaded.</summary>
    public static string NoModel(string model, bool old) => old
        ? $"model \"{model}\" not found, try pulling it first"
        : $"model '{model}' not found";

    /// <summary>Go's words for a value of the wrong type.</summary>
    /// <param name="message">The message it belongs to.</param>
    /// <param name="path">Its place in it.</param>
    /// <param name="expected">What the field check wanted.</param>
    /// <param name="got">What it got.</param>
    public static string WrongType(string message, string path, string expected, string got)
    {
        var found = got.Contains(' ', StringComparison.Ordinal) ? got.Split(' ')[1] : got;
        var wanted = expected.Contains("integer", StringComparison.Ordinal) ? "int"
            : expected.Contains("decimal", StringComparison.Ordinal) ? "float64"
            : expected.Contains("boolean", StringComparison.Ordinal) ? "bool"
            : expected.Contains("an object", StringComparison.Ordinal) ? "map[string]interface {}"
            : "string";
        return $"json: cannot unmarshal {(found is "integer" or "decimal" ? "number" : found == "boolean" ? "bool" : found)} into Go struct field "
            + $"{message}.{path} of type {wanted}";
    }
}
