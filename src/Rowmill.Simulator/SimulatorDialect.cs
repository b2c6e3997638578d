namespace Rowmill.Simulator;

/// <summary>Whose manners the simulator has: which fields it reads and refuses, its headers and the words of its errors.</summary>
public enum SimulatorDialect
{
    /// <summary>OpenAI.</summary>
    OpenAI,

    /// <summary>Groq.</summary>
    Groq,

    /// <summary>Ollama's OpenAI-compatible endpoint: no limits, unknown fields ignored, <c>max_completion_tokens</c> not read.</summary>
    OllamaV1,

    /// <summary>Google's own Gemini API: limits in the body of refusals alone, days that end at midnight in California.</summary>
    Gemini,

    /// <summary>Anthropic's own API: unknown fields refused, an output limit demanded and not reserved.</summary>
    Anthropic,

    /// <summary>Ollama's own API, and its OpenAI-compatible endpoint beside it.</summary>
    Ollama,

    /// <summary>vLLM: no limits, unknown fields ignored, codes of errors that are numbers.</summary>
    Vllm,

    /// <summary>llama.cpp's server: one model, no limits.</summary>
    LlamaCpp,

    /// <summary>OpenAI's models at Azure: deployments and versions in the address, a filter of content.</summary>
    Azure,

    /// <summary>Google's OpenAI-compatible endpoint: errors in arrays.</summary>
    GeminiOpenAi,
}

/// <summary>How many tokens a request reserves when it is admitted; what it really used is settled when it ends.</summary>
public enum TokenReservation
{
    /// <summary>The estimated prompt plus the output limit: what Groq is seen to do, and the stricter of the two.</summary>
    PromptPlusOutput,

    /// <summary>The larger of the estimated prompt and the output limit: OpenAI's documented rule.</summary>
    LargerOfBoth,
}
