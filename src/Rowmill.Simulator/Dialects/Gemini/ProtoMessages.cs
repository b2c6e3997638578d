namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>The messages of the service as far as a text needs them. Source: generativelanguage/v1beta/*.proto.</summary>
internal static class ProtoMessages
{
    private static ProtoMessage Part { get; } = new(
        Text("text"), Flag("thought"), Text("thought_signature"), Any("inline_data"), Any("file_data"), Any("function_call"),
        Any("function_response"), Any("executable_code"), Any("code_execution_result"), Any("video_metadata"));

    private static ProtoMessage Content { get; } = new(Text("role"), Many("parts", () => Part));

    private static ProtoMessage Schema { get; } = new(
        Choice("type", "Type", "TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"),
        Text("format"), Text("title"), Text("description"), Flag("nullable"), Text("enum") with { Repeated = true },
        One("items", () => Schema!), Whole("max_items"), Whole("min_items"),
        new("properties", ProtoKind.Map) { Message = () => Schema! },
        Text("required") with { Repeated = true }, Whole("min_properties"), Whole("max_properties"), Whole("min_length"), Whole("max_length"),
        Text("pattern"), Any("example"), Many("any_of", () => Schema!), Text("property_ordering") with { Repeated = true }, Any("default"),
        Real("minimum"), Real("maximum"));

    private static ProtoMessage ThinkingConfig { get; } = new(
        Flag("include_thoughts"), Whole("thinking_budget"),
        Choice("thinking_level", "ThinkingLevel", "THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH"));

    private static ProtoMessage GenerationConfig { get; } = new(
        Whole("candidate_count"), Text("stop_sequences") with { Repeated = true }, Whole("max_output_tokens"), Real("temperature"),
        Real("top_p"), Whole("top_k"), Whole("seed"), Text("response_mime_type"), One("response_schema", () => Schema),
        Any("response_json_schema"), Any("_response_json_schema"), Real("presence_penalty"), Real("frequency_penalty"),
        Flag("response_logprobs"), Whole("logprobs"), Flag("enable_enhanced_civic_answers"), Any("response_modalities"),
        Any("speech_config"), One("thinking_config", () => ThinkingConfig), Any("image_config"), Text("media_resolution"));

    private static ProtoMessage SafetySetting { get; } = new(Text("category"), Text("threshold"));

    /// <summary>The body of <c>:generateContent</c>.</summary>
    public static ProtoMessage GenerateContent { get; } = new(
        Text("model"), One("system_instruction", () => Content), Many("contents", () => Content), Any("tools"), Any("tool_config"),
        Many("safety_settings", () => SafetySetting), One("generation_config", () => GenerationConfig), Text("cached_content"),
        Choice("service_tier", "ServiceTier", "standard", "flex", "priority"));

    /// <summary>The body of <c>:countTokens</c>.</summary>
    public static ProtoMessage CountTokens { get; } = new(
        Text("model"), Many("contents", () => Content), One("generate_content_request", () => GenerateContent));

    /// <summary>The body of <c>:embedContent</c>.</summary>
    public static ProtoMessage EmbedContent { get; } = new(
        Text("model"), One("content", () => Content), Text("title"), Whole("output_dimensionality"),
        Choice(
            "task_type", "TaskType", "TASK_TYPE_UNSPECIFIED", "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY",
            "CLASSIFICATION", "CLUSTERING", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"));

    /// <summary>The body of <c>:batchEmbedContents</c>.</summary>
    public static ProtoMessage BatchEmbedContents { get; } = new(Many("requests", () => EmbedContent));

    private static ProtoMessage InlinedRequest { get; } = new(Any("request"), Any("metadata"));

    private static ProtoMessage InlinedRequests { get; } = new(Many("requests", () => InlinedRequest));

    private static ProtoMessage InputConfig { get; } = new(Text("file_name"), One("requests", () => InlinedRequests));

    private static ProtoMessage Batch { get; } = new(
        Text("model"), Text("display_name"), One("input_config", () => InputConfig), Whole("priority"));

    /// <summary>The body of <c>:batchGenerateContent</c>; each request in it is looked at when its turn comes.</summary>
    public static ProtoMessage BatchGenerateContent { get; } = new(One("batch", () => Batch));

    private static ProtoMessage File { get; } = new(Text("name"), Text("display_name"), Text("mime_type"));

    /// <summary>The body that begins an upload.</summary>
    public static ProtoMessage CreateFile { get; } = new(One("file", () => File));

    private static ProtoField Text(string name) => new(name, ProtoKind.Text, "TYPE_STRING");

    private static ProtoField Flag(string name) => new(name, ProtoKind.Boolean, "TYPE_BOOL");

    private static ProtoField Whole(string name) => new(name, ProtoKind.Integer, "TYPE_INT32");

    private static ProtoField Real(string name) => new(name, ProtoKind.Number, "TYPE_FLOAT");

    private static ProtoField Any(string name) => new(name, ProtoKind.Value) { Repeated = true };

    private static ProtoField Choice(string name, string type, params string[] choices) => new(name, ProtoKind.Choice, type) { Choices = choices };

    private static ProtoField One(string name, Func<ProtoMessage> message) => new(name, ProtoKind.Message) { Message = message };

    private static ProtoField Many(string name, Func<ProtoMessage> message) => One(name, message) with { Repeated = true };
}
