using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class ResponseFormatTests
{
    private const string Flaw = "Invalid schema for response_format 'reply': ";

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'.")]
    [InlineData("""{"type":"object","properties":{}}""", "In context=(), 'additionalProperties' is required to be supplied and to be false.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}""",
        "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'a'.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a'), 'minLength' is not permitted.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"string","maxLength":1}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a'), 'maxLength' is not permitted.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a'), 'uniqueItems' is not permitted.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"type":"array","items":{"enum_file":"x"}}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a', 'items'), 'enum_file' is not permitted.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"object","properties":{}}]}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a', 'anyOf', '1'), 'additionalProperties' is required to be supplied and to be false.")]
    [InlineData(
        """{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a'), reference can only point to definitions defined at the top level of the schema.")]
    [InlineData(
        """{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}""",
        "In context=('properties', 'a'), schema must have a 'type' key.")]
    public async Task A_strict_schema_is_checked_in_OpenAIs_words(string schema, string message)
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(Body(["a"], schema));
        Assert.Equal((400, Flaw + message), (reply.Status, reply.Message));
        Assert.Equal("response_format", reply.ErrorField("param"));
        var loose = Body(["a"], schema).Replace("\"strict\":true", "\"strict\":false", StringComparison.Ordinal);
        Assert.Equal(200, (await simulator.AskAsync(loose)).Status);
    }

    [Fact]
    public async Task Groq_names_the_place_as_a_pointer()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq });
        var reply = await simulator.AskAsync(Body(["a"], Wrap("""{"type":"object","properties":{}}""")));
        Assert.Equal(
            "invalid JSON schema for response_format: 'reply': /properties/rows/items: `additionalProperties:false` must be set on every object",
            reply.Message);
    }

    [Theory]
    [InlineData("\"name\":\"reply\"", "\"title\":\"reply\"", "Unknown parameter: 'response_format.json_schema.title'.")]
    [InlineData("\"name\":\"reply\",", "", "Missing required parameter: 'response_format.json_schema.name'.")]
    [InlineData("\"name\":\"reply\"", "\"name\":\"a b\"", "Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.")]
    [InlineData("\"strict\":true", "\"strict\":\"yes\"", "Invalid type for 'response_format.json_schema.strict': expected a boolean, but got a string instead.")]
    [InlineData("\"type\":\"json_schema\"", "\"type\":\"yaml\"", "Invalid value: 'yaml'. Supported values are: 'json_object', 'json_schema', and 'text'.")]
    [InlineData("\"type\":\"json_schema\"", "\"type\":\"json_object\"", "Unknown parameter: 'response_format.json_schema'.")]
    public async Task The_form_around_the_schema_is_checked(string correct, string wrong, string message)
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(Body(["a"]).Replace(correct, wrong, StringComparison.Ordinal));
        Assert.Equal((400, message), (reply.Status, reply.Message));
    }

    [Fact]
    public async Task A_name_has_at_most_64_characters()
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(Body(["a"]).Replace("\"name\":\"reply\"", $"\"name\":\"{new string('x', 65)}\"", StringComparison.Ordinal));
        Assert.Equal("string_above_max_length", reply.ErrorField("code"));
        Assert.Equal(200, (await simulator.AskAsync(Body(["a"]).Replace("\"name\":\"reply\"", $"\"name\":\"{new string('x', 64)}\"", StringComparison.Ordinal))).Status);
    }
}
