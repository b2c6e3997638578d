using System.Text.Json.Nodes;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>The contract over Gemini's wire.</summary>
public sealed class GeminiClientTests : ModelClientContract
{
    internal static readonly Route Route = Given.Route("gemini", "gemini-2.5-flash", "https://api.test");

    protected override IModelClient Create(HttpMessageHandler http, TimeProvider clock) => Given.Client((ScriptedHttp)http, Route, clock);

    protected override string ReplyBody(string text) =>
        $$$"""{"candidates":[{"content":{"parts":[{"text":{{{JsonValue.Create(text).ToJsonString()}}}}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":3,"totalTokenCount":15},"modelVersion":"gemini-2.5-flash","responseId":"r1"}""";
}
