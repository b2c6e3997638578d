using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers.Gemini;

namespace Rowmill.Tests.Providers;

public sealed class GeminiSchemaTests
{
    [Theory]
    [InlineData("""{"enum":["a","b"]}""", """{"type":"string","enum":["a","b"]}""")]
    [InlineData("""{"const":3}""", """{"type":"number","enum":[3]}""")]
    [InlineData("""{"type":"integer","enum":[1,2]}""", """{"type":"integer","enum":[1,2]}""")]
    [InlineData("""{"enum":["a",1,null]}""", """{"anyOf":[{"type":["string","number"],"enum":["a",1]},{"type":"null"}]}""")]
    [InlineData("""{"enum":[true,false]}""", """{"type":"boolean"}""")]
    [InlineData("""{"enum":["x",true,false,null]}""", """{"anyOf":[{"type":"string","enum":["x"]},{"type":"boolean"},{"type":"null"}]}""")]
    [InlineData("""{"const":null}""", """{"type":"null"}""")]
    [InlineData("""{"type":["string","null"],"description":"D"}""", """{"type":["string","null"],"description":"D"}""")]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", """{"type":"number","minimum":0,"maximum":1}""")]
    [InlineData("""{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string"}}""", """{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string"}}""")]
    [InlineData("""{"type":"object","additionalProperties":false,"properties":{"b":{},"a":{}}}""", """{"type":"object","additionalProperties":false,"properties":{"b":{},"a":{}},"propertyOrdering":["b","a"]}""")]
    [InlineData("""{"type":"object","additionalProperties":{"const":"x"}}""", """{"type":"object","additionalProperties":{"type":"string","enum":["x"]}}""")]
    [InlineData("""{"$ref":"#/$defs/t","description":"D"}""", """{"$ref":"#/$defs/t"}""")]
    [InlineData("""{"anyOf":[{"const":"a"},{"type":"integer"}]}""", """{"anyOf":[{"type":"string","enum":["a"]},{"type":"integer"}]}""")]
    public void The_subset_of_JSON_Schema_says_it(string property, string expected)
    {
        var schema = GeminiJsonSchema.Of(Wrapped(property));
        ScriptedHttp.AssertJson(Encoding.UTF8.GetString(Wrapped(expected)), schema.Json.ToJsonString());
        Assert.Empty(schema.Losses);
    }

    [Theory]
    [InlineData("""{"enum":["a","b",null]}""", """{"type":"STRING","nullable":true,"enum":["a","b"]}""")]
    [InlineData("""{"type":["string","null"],"pattern":"^a","maxLength":3}""", """{"type":"STRING","nullable":true,"pattern":"^a","maxLength":3}""")]
    [InlineData("""{"type":["string","integer"]}""", """{"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]}""")]
    [InlineData("""{"$ref":"#/$defs/t"}""", """{"type":"STRING","enum":["x","y"]}""")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", """{"anyOf":[{"type":"STRING"}],"nullable":true}""")]
    [InlineData("""{"enum":[true,false]}""", """{"type":"BOOLEAN"}""")]
    [InlineData("""{"type":"object","required":["b"],"additionalProperties":false,"properties":{"b":{"type":"number"},"a":{"type":"boolean"}}}""", """{"type":"OBJECT","properties":{"b":{"type":"NUMBER"},"a":{"type":"BOOLEAN"}},"required":["b"],"propertyOrdering":["b","a"]}""")]
    public void The_subset_of_OpenApi_says_it(string property, string expected)
    {
        var schema = GeminiOpenApiSchema.Of(Wrapped(property));
        ScriptedHttp.AssertJson($$"""{"type":"OBJECT","properties":{"p":{{expected}}},"required":["p"]}""", schema.Json.ToJsonString());
        Assert.Empty(schema.Losses);
    }

    [Fact]
    public void What_neither_says_is_told_with_its_place()
    {
        var schema = Encoding.UTF8.GetBytes(
            """
            {"type":"object","properties":{"rows":{"type":"array","uniqueItems":true,"items":{"type":"object","properties":{
              "why":{"type":"string","maxLength":600,"pattern":"^a"},"n":{"type":"number","exclusiveMinimum":0},"t":{"const":true},"l":{"enum":[1,2]}}}}}}
            """);
        Assert.Equal(
            Lines("uniqueItems at rows", "maxLength at rows[].why", "pattern at rows[].why", "exclusiveMinimum at rows[].n", "const at rows[].t"),
            GeminiJsonSchema.Of(schema).Losses);
        Assert.Equal(
            Lines("uniqueItems at rows", "exclusiveMinimum at rows[].n", "const at rows[].t", "enum at rows[].l").Order(StringComparer.Ordinal),
            GeminiOpenApiSchema.Of(schema).Losses.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_form_without_references_leaves_out_what_holds_itself()
    {
        var schema = GeminiOpenApiSchema.Of(Encoding.UTF8.GetBytes(
            """
            {"type":"object","required":["tree"],"properties":{"tree":{"$ref":"#/$defs/node"}},
             "$defs":{"node":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"below":{"type":"array","items":{"$ref":"#/$defs/node"}}}}}}
            """));
        ScriptedHttp.AssertJson(
            """{"type":"OBJECT","properties":{"tree":{"type":"OBJECT","properties":{"name":{"type":"STRING"}},"required":["name"]}},"required":["tree"]}""",
            schema.Json.ToJsonString());
        Assert.Equal(Lines("$ref at tree.below[]"), schema.Losses);
    }

    [Fact]
    public void Check_is_told_what_each_form_loses()
    {
        var client = Given.Client(new ScriptedHttp(), GeminiClientTests.Route);
        Assert.Equal(Lines("maxLength at rows[].why"), client.Losses(Given.Request(StructuredOutput.StrictSchema)));
        Assert.Empty(client.Losses(Given.Request(StructuredOutput.Schema)));
        Assert.Empty(client.Losses(Given.Request(StructuredOutput.JsonMode)));
    }

    private static IEnumerable<string> Lines(params string[] lost) => lost.Select(what => $"{what} cannot be expressed; still enforced");

    private static byte[] Wrapped(string property) =>
        Encoding.UTF8.GetBytes($$$$"""{"type":"object","required":["p"],"properties":{"p":{{{{property}}}}},"$defs":{"t":{"type":"string","enum":["x","y"]}}}""");
}
