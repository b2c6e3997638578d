using System.Text.Json.Nodes;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers.Ollama;

/// <summary>The contract over Ollama's own wire.</summary>
public sealed class OllamaClientTests : ModelClientContract
{
    protected override IModelClient Create(HttpMessageHandler http, TimeProvider clock) =>
        Given.Client((ScriptedHttp)http, Given.Route("ollama"), clock);

    protected override string ReplyBody(string text) =>
        $$$"""{"model":"m-1","created_at":"2026-10-01T00:00:00Z","message":{"role":"assistant","content":{{{JsonValue.Create(text).ToJsonString()}}}},"done":true,"done_reason":"stop","total_duration":2254970291,"load_duration":574751416,"prompt_eval_count":34,"prompt_eval_duration":1,"eval_count":12,"eval_duration":1}""";
}

/// <summary>The same where a proxy streams although it was told not to.</summary>
public sealed class OllamaStreamClientTests : ModelClientContract
{
    protected override IModelClient Create(HttpMessageHandler http, TimeProvider clock) =>
        Given.Client((ScriptedHttp)http, Given.Route("ollama"), clock);

    protected override string ReplyBody(string text) =>
        $$$"""{"model":"m-1","message":{"role":"assistant","content":{{{JsonValue.Create(text).ToJsonString()}}}},"done":false}{{{"\n"}}}{"model":"m-1","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":34,"eval_count":12}""";
}
