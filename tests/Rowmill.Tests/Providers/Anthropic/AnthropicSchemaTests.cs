using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers.Anthropic;

namespace Rowmill.Tests.Providers;

public sealed class AnthropicSchemaTests
{
    [Theory]
    [InlineData("""{"enum":["a",1,true,null]}""", """{"type":["string","number","boolean","null"],"enum":["a",1,true,null]}""")]
    [InlineData("""{"const":"x","title":"T","description":"D"}""", """{"type":"string","const":"x","title":"T","description":"D"}""")]
    [InlineData("""{"type":["string","null"]}""", """{"type":["string","null"]}""")]
    [InlineData("""{"type":"array","minItems":1,"items":{"type":"string"}}""", """{"type":"array","minItems":1,"items":{"type":"string"}}""")]
    [InlineData("""{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer"}}}""", """{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}""")]
    [InlineData("""{"$ref":"#/$defs/t","description":"D"}""", """{"$ref":"#/$defs/t"}""")]
    [InlineData("""{"anyOf":[{"type":"object","properties":{}},{"type":"null"}]}""", """{"anyOf":[{"type":"object","properties":{},"additionalProperties":false},{"type":"null"}]}""")]
    public void What_the_subset_knows_stays(string property, string expected)
    {
        var schema = AnthropicSchema.Of(Encoding.UTF8.GetBytes(Wrapped(property, "")));
        ScriptedHttp.AssertJson(Wrapped(expected, ""","additionalProperties":false"""), schema.Json.ToJsonString());
        Assert.Empty(schema.Losses);
    }

    [Fact]
    public void What_it_does_not_know_is_dropped_and_told_with_its_place()
    {
        var schema = AnthropicSchema.Of(Encoding.UTF8.GetBytes(
            """
            {"type":"object","properties":{"rows":{"type":"array","minItems":2,"maxItems":3,"uniqueItems":true,"items":{"type":"object","additionalProperties":true,
              "properties":{"why":{"type":"string","minLength":1,"maxLength":600,"pattern":"^a"},"n":{"type":"number","minimum":0,"exclusiveMaximum":9},"o":{"enum":[{"a":1}]}}}}}}
            """));
        string[] lost =
        [
            "minItems at rows", "maxItems at rows", "uniqueItems at rows", "additionalProperties at rows[]", "minLength at rows[].why",
            "maxLength at rows[].why", "pattern at rows[].why", "minimum at rows[].n", "exclusiveMaximum at rows[].n", "enum at rows[].o",
        ];
        Assert.Equal(lost.Select(what => $"{what} cannot be expressed; still enforced"), schema.Losses);
        Assert.Contains("\"minItems\":1", schema.Json.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_is_told_what_the_best_form_loses()
    {
        var client = Given.Client(new ScriptedHttp(), AnthropicClientTests.Route);
        Assert.Equal(["maxLength at rows[].why cannot be expressed; still enforced"], client.Losses(Given.Request(StructuredOutput.StrictSchema)));
        Assert.Empty(client.Losses(Given.Request(StructuredOutput.Schema)));
        Assert.Empty(client.Losses(Given.Request(StructuredOutput.Text)));
    }

    private static string Wrapped(string property, string more) =>
        $$$$"""{"type":"object","required":["p"],"properties":{"p":{{{{property}}}}},"$defs":{"t":{"type":"string"}}{{{{more}}}}}""";
}
