namespace Rowmill.Simulator;

/// <summary>In which form a request asks for JSON, best first.</summary>
public enum SimulatorForm
{
    /// <summary>A schema that the reply is held to: <c>strict</c>, Gemini's <c>responseJsonSchema</c>, Anthropic's <c>output_config</c>.</summary>
    StrictSchema,

    /// <summary>A schema, best effort: not strict, Gemini's <c>responseSchema</c>, Ollama's <c>format</c>, Anthropic's one forced tool.</summary>
    Schema,

    /// <summary>Some JSON: <c>json_object</c>, Gemini's media type alone, Ollama's <c>json</c>.</summary>
    JsonObject,
}
