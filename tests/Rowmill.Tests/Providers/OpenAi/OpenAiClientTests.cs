using System.Text.Json.Nodes;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>The contract over the OpenAI wire.</summary>
public abstract class OpenAiClientContract(string provider) : ModelClientContract
{
    protected override IModelClient Create(HttpMessageHandler http, TimeProvider clock) =>
        Given.Client((ScriptedHttp)http, Given.Route(provider), clock);

    protected override string ReplyBody(string text) =>
        $$$"""{"id":"chatcmpl-1","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":{{{JsonValue.Create(text).ToJsonString()}}}}}],"usage":{"prompt_tokens":12,"completion_tokens":3}}""";
}

public sealed class OpenAiClientTests() : OpenAiClientContract("openai");

public sealed class GroqClientTests() : OpenAiClientContract("groq");

public sealed class SimulatorClientTests() : OpenAiClientContract("simulator");

public sealed class OpenAiCompatibleClientTests() : OpenAiClientContract("openai-compatible");
