using System.Text;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class StrictnessTests
{
    private const string Hello = """[{"role":"user","content":"hello"}]""";

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", "you must provide a model parameter", null, null)]
    [InlineData("""{"model":"m"}""", "Missing required parameter: 'messages'.", "messages", "missing_required_parameter")]
    [InlineData("""{"model":"m","messages":[]}""", "Invalid 'messages': empty array.", "messages", "empty_array")]
    [InlineData("""{"model":"m","messages":[{"role":"robot","content":"x"}]}""", "Invalid value: 'robot'.", "messages[0].role", "invalid_value")]
    [InlineData("""{"model":"m","messages":[{"role":"user"}]}""", "Missing required parameter: 'messages[0].content'.", "messages[0].content", "missing_required_parameter")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":7}]}""", "Invalid type for 'messages[0].content'", "messages[0].content", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x","when":1}]}""", "Unknown parameter: 'messages[0].when'.", "messages[0].when", "unknown_parameter")]
    [InlineData("""{"model":"m","model":"m","messages":[{"role":"user","content":"x"}]}""", "We could not parse the JSON body", null, null)]
    [InlineData("""{"model":"m",""", "We could not parse the JSON body", null, null)]
    [InlineData("[]", "We could not parse the JSON body", null, null)]
    public async Task OpenAi_refuses_a_malformed_request_in_its_own_words(string body, string message, string? param, string? code)
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(body);
        Assert.Equal(400, reply.Status);
        Assert.StartsWith(message, reply.Message, StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", reply.ErrorField("type"));
        Assert.Equal(param, reply.ErrorField("param"));
        Assert.Equal(code, reply.ErrorField("code"));
        Assert.Equal("true", reply.Header("x-simulated"));
        Assert.Equal(0, simulator.Server.Stats.Accepted);
    }

    [Theory]
    [InlineData("\"fields\":1", "Unrecognized request argument supplied: fields", null)]
    [InlineData("\"fields\":1,\"more\":2", "Unrecognized request arguments supplied: fields, more", null)]
    [InlineData("\"temperature\":2.5", "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.", "decimal_above_max_value")]
    [InlineData("\"temperature\":\"0\"", "Invalid type for 'temperature': expected a decimal, but got a string instead.", "invalid_type")]
    [InlineData("\"top_p\":-1", "Invalid 'top_p': decimal below minimum value. Expected a value >= 0, but got -1 instead.", "decimal_below_min_value")]
    [InlineData("\"n\":129", "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.", "integer_above_max_value")]
    [InlineData("\"seed\":1.5", "Invalid type for 'seed': expected an integer, but got a decimal number instead.", "invalid_type")]
    [InlineData("\"max_completion_tokens\":0", "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.", "integer_below_min_value")]
    [InlineData("\"service_tier\":\"best\"", "Invalid value: 'best'. Supported values are: 'auto', 'default', 'flex', 'scale', 'priority', and 'fast'.", "invalid_value")]
    [InlineData("\"stream\":true", "The simulator does not simulate 'stream'.", "unsupported_parameter")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", null)]
    public async Task OpenAi_refuses_a_wrong_field_in_its_own_words(string field, string message, string? code)
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync($$"""{"model":"m","messages":{{Hello}},{{field}}}""");
        Assert.Equal((400, message), (reply.Status, reply.Message));
        Assert.Equal(code, reply.ErrorField("code"));
    }

    [Theory]
    [InlineData("gpt-5-mini", "\"max_tokens\":5", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "unsupported_parameter")]
    [InlineData("o3", "\"temperature\":0", "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "unsupported_value")]
    public async Task Reasoning_models_refuse_the_older_options(string model, string field, string message, string code)
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync($$"""{"model":"{{model}}","messages":{{Hello}},{{field}}}""");
        Assert.Equal((400, message, code), (reply.Status, reply.Message, reply.ErrorField("code")));
        Assert.Equal(200, (await simulator.AskAsync($$"""{"model":"gpt-4o","messages":{{Hello}},{{field}}}""")).Status);
        Assert.Equal(200, (await simulator.AskAsync($$"""{"model":"{{model}}","messages":{{Hello}},"temperature":1,"max_completion_tokens":5}""")).Status);
    }

    [Theory]
    [InlineData("\"n\":2", "'n' : number must be at most 1")]
    [InlineData("\"logprobs\":true", "property 'logprobs' is unsupported")]
    [InlineData("\"metadata\":{}", "property 'metadata' is unsupported")]
    [InlineData("\"fields\":1", "property 'fields' is unsupported")]
    [InlineData("\"reasoning_format\":\"raw\",\"include_reasoning\":true", "cannot specify both `reasoning_format` and `include_reasoning`")]
    public async Task Groq_refuses_what_it_does_not_support(string field, string message)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq });
        var reply = await simulator.AskAsync($$"""{"model":"openai/gpt-oss-20b","messages":{{Hello}},{{field}}}""");
        Assert.Equal((400, message), (reply.Status, reply.Message));
        Assert.False(reply.Error.TryGetProperty("param", out _));
    }

    [Fact]
    public async Task Groqs_llama_models_take_no_schema()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq });
        var body = Body(["a"]).Replace("\"model\":\"m\"", "\"model\":\"llama-3.3-70b-versatile\"", StringComparison.Ordinal);
        Assert.StartsWith("This model does not support response format `json_schema`.", (await simulator.AskAsync(body)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ollama_ignores_unknown_fields_and_max_completion_tokens_but_reads_max_tokens()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.OllamaV1 });
        var ignored = await simulator.AskAsync(Body(["a song"], more: ",\"max_completion_tokens\":3,\"whatever\":1"));
        var read = await simulator.AskAsync(Body(["a song"], more: ",\"max_tokens\":3"));
        Assert.Equal((200, "stop"), (ignored.Status, ignored.Finish));
        Assert.Equal((200, "length", 12), (read.Status, read.Finish, read.Content!.Length));
        var wrong = await simulator.AskAsync($$"""{"model":"m","messages":{{Hello}},"temperature":"hot"}""");
        Assert.Equal("json: cannot unmarshal string into Go struct field ChatCompletionRequest.temperature of type float64", wrong.Message);
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_supported")]
    [InlineData("POST", "/v1/completions", 404, "unknown_url")]
    [InlineData("POST", "/chat/completions", 404, "unknown_url")]
    [InlineData("GET", "/", 404, "unknown_url")]
    public async Task Other_methods_and_paths_are_refused(string method, string path, int status, string code)
    {
        await using var simulator = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(simulator.Server.BaseAddress, path));
        var reply = await simulator.SendAsync(request);
        Assert.Equal((status, code), (reply.Status, reply.ErrorField("code")));
    }

    [Fact]
    public async Task The_body_must_be_called_JSON()
    {
        await using var simulator = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{simulator.Server.BaseAddress}/chat/completions");
        request.Content = new StringContent(Body(["a"]), Encoding.UTF8, "text/plain");
        Assert.StartsWith("Invalid Content-Type header (text/plain", (await simulator.SendAsync(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_is_refused_with_both_numbers_and_silently_cut_by_Ollama()
    {
        var body = Body(["first row of many", "second row of many", "third row of many"], schema: Wrap("{\"type\":\"object\",\"properties\":{},\"required\":[],\"additionalProperties\":false}"));
        await using var strict = await StartAsync(new SimulatorOptions { ContextTokens = 10 });
        var refused = await strict.AskAsync(body);
        Assert.Equal((400, "context_length_exceeded"), (refused.Status, refused.ErrorField("code")));
        Assert.Matches(@"^This model's maximum context length is 10 tokens\. However, your messages resulted in \d+ tokens\. Please reduce", refused.Message);

        await using var whole = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.OllamaV1 });
        var tokens = (await whole.AskAsync(body)).Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
        await using var cut = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.OllamaV1, ContextTokens = tokens - 5 });
        var reply = await cut.AskAsync(body);
        Assert.Equal([2, 3], reply.Ids);
        Assert.Equal(tokens - 5, reply.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Models_are_listed_and_others_do_not_exist()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { KnownModels = ["gpt-x"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{simulator.Server.BaseAddress}/models");
        Assert.Equal("gpt-x", (await simulator.SendAsync(request)).Json.GetProperty("data")[0].GetProperty("id").GetString());
        var reply = await simulator.AskAsync(Body(["a"]));
        Assert.Equal((404, "model_not_found"), (reply.Status, reply.ErrorField("code")));
        Assert.Equal("The model `m` does not exist or you do not have access to it.", reply.Message);
    }
}
