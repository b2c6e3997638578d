using System.Text.Json.Nodes;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>The contract over Anthropic's wire.</summary>
public sealed class AnthropicClientTests : ModelClientContract
{
    internal static readonly Route Route = Given.Route("anthropic", "claude-x", "https://api.test");

    protected override IModelClient Create(HttpMessageHandler http, TimeProvider clock) => Given.Client((ScriptedHttp)http, Route, clock);

    protected override string ReplyBody(string text) =>
        $$$"""{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":{{{JsonValue.Create(text).ToJsonString()}}}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":3}}""";
}
