using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers.OpenAi;

namespace Rowmill.Tests.Providers;

public sealed class StrictSchemaTests
{
    [Theory]
    // Optional becomes nullable, in every kind of schema.
    [InlineData("""{"type":"string"}""", """{"type":["string","null"]}""")]
    [InlineData("""{"type":["string","integer"]}""", """{"type":["string","integer","null"]}""")]
    [InlineData("""{"type":["string","null"]}""", """{"type":["string","null"]}""")]
    [InlineData("""{"enum":["a","b"]}""", """{"type":["string","null"],"enum":["a","b",null]}""")]
    [InlineData("""{"const":3}""", """{"type":["number","null"],"enum":[3,null]}""")]
    [InlineData("""{"$ref":"#/$defs/x"}""", """{"anyOf":[{"$ref":"#/$defs/x"},{"type":"null"}]}""")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"integer"}]}""", """{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}""")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", """{"anyOf":[{"type":"string"},{"type":"null"}]}""")]
    [InlineData("""{"type":"object","properties":{}}""", """{"type":["object","null"],"properties":{},"required":[],"additionalProperties":false}""")]
    public void Optional_properties_are_required_and_nullable(string property, string expected) => ScriptedHttp.AssertJson(
        $$"""{"type":"object","properties":{"p":{{expected}}},"required":["p"],"additionalProperties":false}""",
        Translate($$"""{"type":"object","properties":{"p":{{property}}} }""").Json.ToJsonString());

    [Theory]
    [InlineData("""{"enum":["a","b"]}""", """{"type":"string","enum":["a","b"]}""")]
    [InlineData("""{"enum":["a",1,true,null]}""", """{"type":["string","number","boolean","null"],"enum":["a",1,true,null]}""")]
    [InlineData("""{"const":"x","title":"T","description":"D"}""", """{"type":"string","enum":["x"],"title":"T","description":"D"}""")]
    [InlineData("""{"type":"string","pattern":"^a"}""", """{"type":"string","pattern":"^a"}""")]
    [InlineData("""{"type":"number","minimum":0,"exclusiveMaximum":1}""", """{"type":"number","minimum":0,"exclusiveMaximum":1}""")]
    [InlineData("""{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string"}}""", """{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string"}}""")]
    [InlineData("""{"items":{"pattern":"x"}}""", """{"type":"array","items":{"type":"string","pattern":"x"}}""")]
    public void What_the_subset_knows_stays(string property, string expected)
    {
        var strict = Translate($$"""{"type":"object","required":["p"],"properties":{"p":{{property}}},"additionalProperties":false}""");
        ScriptedHttp.AssertJson(
            $$"""{"type":"object","properties":{"p":{{expected}}},"required":["p"],"additionalProperties":false}""", strict.Json.ToJsonString());
        Assert.Empty(strict.Losses);
    }

    [Fact]
    public void What_it_does_not_know_is_dropped_and_told_with_its_place()
    {
        var strict = Translate(
            """
            {"type":"object","required":["rows"],"properties":{"rows":{"type":"array","uniqueItems":true,"items":{"type":"object",
              "required":["reasoning"],"additionalProperties":{"type":"string"},
              "properties":{"reasoning":{"type":"string","minLength":1,"maxLength":600},"t":{"$ref":"#/$defs/tag","maxLength":3}}}}},
             "$defs":{"tag":{"type":"string","maxLength":9}}}
            """);
        Assert.Equal(
        [
            "$defs.tag", "rows", "rows[]", "rows[].reasoning", "rows[].reasoning", "rows[].t",
        ], strict.Losses.Select(line => line.Split(" at ")[1].Split(" cannot ")[0]).Order(StringComparer.Ordinal));
        Assert.Contains("maxLength at rows[].reasoning cannot be expressed; still enforced", strict.Losses);
        var rows = strict.Json["properties"]!["rows"]!;
        foreach (var keyword in new[] { "maxLength", "minLength", "uniqueItems" })
            Assert.DoesNotContain($"\"{keyword}\":", strict.Json.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("""Must satisfy {"uniqueItems":true}""", rows["description"]!.GetValue<string>());
        Assert.Equal("""Must satisfy {"minLength":1,"maxLength":600}""", rows["items"]!["properties"]!["reasoning"]!["description"]!.GetValue<string>());
        Assert.Equal("""Must satisfy {"maxLength":9}""", strict.Json["$defs"]!["tag"]!["description"]!.GetValue<string>());
    }

    [Fact]
    public void A_bound_it_does_not_know_stands_behind_what_the_description_says()
    {
        var strict = Translate("""{"type":"object","required":["a"],"properties":{"a":{"type":"string","maxLength":3,"description":"A sign. ","pattern":"^a"}}}""");
        Assert.Equal("""A sign. Must satisfy {"maxLength":3}""", strict.Json["properties"]!["a"]!["description"]!.GetValue<string>());
    }

    [Fact]
    public void Objects_in_anyOf_begin_with_different_properties()
    {
        var strict = Translate(
            """
            {"type":"object","required":["rows"],"properties":{"rows":{"type":"array","items":{"anyOf":[
              {"type":"object","required":["id","mood"],"properties":{"id":{"type":"integer"},"mood":{"type":"string"}}},
              {"type":"object","required":["id","abstain"],"properties":{"id":{"type":"integer"},"abstain":{"type":"string"}}}]}}}}
            """).Json.ToJsonString();
        Assert.Contains("""{"type":"object","required":["id","mood"],"properties":{"id":""", strict, StringComparison.Ordinal);
        Assert.Contains("""{"type":"object","required":["abstain","id"],"properties":{"abstain":""", strict, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_that_says_nothing_asks_for_a_scalar_and_tells()
    {
        var strict = Translate("""{"type":"object","required":["p"],"properties":{"p":{}}}""");
        Assert.Contains("""{"p":{"type":["string","number","boolean","null"]}}""", strict.Json.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("an object or array at p ", Assert.Single(strict.Losses), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_strict_form_loses_anything()
    {
        var client = Given.Client(new ScriptedHttp());
        Assert.Equal(["maxLength at rows[].why cannot be expressed; still enforced"], client.Losses(Given.Request(StructuredOutput.StrictSchema)));
        Assert.Empty(client.Losses(Given.Request(StructuredOutput.Schema)));
        Assert.Empty(client.Losses(Given.Request(StructuredOutput.JsonMode)));
    }

    private static StrictSchema Translate(string schema) => StrictSchema.Of(Encoding.UTF8.GetBytes(schema));
}
