namespace Rowmill.Tests.Questions;

public sealed class AnswerSchemaMistakeTests
{
    [Fact]
    public void Every_mistake_is_reported_at_once_with_its_path()
    {
        var mistakes = Schemas.Mistakes(
            """
            {"type":"objekt","required":["enrgy"],"oneOf":[],
             "properties":{"energy":{"enum":[]},"id":{"type":"string"},
              "list":{"type":"array","minItems":3,"maxItems":1,"items":{"type":"string","maxLenght":3}},
              "number":{"type":"number","minimum":"0"},"ref":{"$ref":"#/$defs/Nod"},
              "any":{"anyOf":[{"type":"string"},{"pattern":"("}]}},
             "$defs":{"Node":{"type":"strnig"}}}
            """);
        Assert.Equal(
            [
                "$defs.Node.type", "oneOf", "properties.any.anyOf[1].pattern", "properties.energy.enum", "properties.id",
                "properties.list.items.maxLenght", "properties.list.minItems", "properties.number.minimum", "properties.ref.$ref",
                "required", "type",
            ],
            mistakes.Select(m => m.Path).Order(StringComparer.Ordinal));
        Assert.All(mistakes, m => Assert.NotEmpty(m.Message));
    }

    [Theory]
    [InlineData("maxLenght", "Did you mean 'maxLength'?")]
    [InlineData("exclusiveMin", "Did you mean 'exclusiveMinimum'?")]
    [InlineData("minimun", "Did you mean 'minimum'?")]
    [InlineData("MinItems", "Did you mean 'minItems'?")]
    [InlineData("enumfile", "Did you mean 'enum_file'?")]
    [InlineData("ref", "Did you mean '$ref'?")]
    [InlineData("oneOf", "Did you mean 'anyOf'?")]
    [InlineData("definitions", "Did you mean '$defs'?")]
    [InlineData("nullable", "Did you mean 'type', as in type: [string, \"null\"]?")]
    [InlineData("$schema", "Remove it.")]
    public void An_unknown_keyword_is_answered_with_the_nearest_known_one(string keyword, string fix)
    {
        var mistake = Schemas.Mistake($$"""{"{{keyword}}":1}""");
        Assert.Equal($"properties.v.{keyword}", mistake.Path);
        Assert.Equal($"'{keyword}' is not a keyword of answer schemas.", mistake.Message);
        Assert.Equal(fix, mistake.Fix);
    }

    [Fact]
    public void A_keyword_near_to_none_is_answered_with_the_list() =>
        Assert.Contains("enum_file", Schemas.Mistake("""{"zzzzzzzz":1}""").Fix, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"text"}""", "type", "is not the name of a type")]
    [InlineData("""{"type":3}""", "type", "Must be the name of a type")]
    [InlineData("""{"type":null}""", "type", "Must be the name of a type")]
    [InlineData("""{"type":[]}""", "type", "Must be the name of a type")]
    [InlineData("""{"type":["string",null]}""", "type[1]", "is not the name of a type")]
    [InlineData("""{"type":["string","string"]}""", "type[1]", "twice")]
    [InlineData("""{"enum":"A"}""", "enum", "Must be a list")]
    [InlineData("""{"enum":[]}""", "enum", "empty")]
    [InlineData("""{"enum":["A","B","A"]}""", "enum", "The value \"A\" is listed more than once.")]
    [InlineData("""{"enum":[1,1.0]}""", "enum", "more than once")]
    [InlineData("""{"type":"string","enum":["A",1]}""", "enum[1]", "The value 1 is never valid here: it must be a string, but is 1.")]
    [InlineData("""{"type":"string","const":true}""", "const", "never valid")]
    [InlineData("""{"maxLength":3,"enum":["A","long"]}""", "enum[1]", "never valid")]
    [InlineData("""{"type":"integer","enum_file":"x"}""", "enum_file", "'type' asks for a whole number")]
    [InlineData("""{"enum":["B"],"enum_file":"x"}""", "enum_file", "side by side")]
    [InlineData("""{"enum_file":3}""", "enum_file", "Must be text")]
    [InlineData("""{"required":"a"}""", "required", "Must be a list")]
    [InlineData("""{"required":[1]}""", "required[0]", "Must be a property name")]
    [InlineData("""{"properties":{"a":{}},"required":["a","a"]}""", "required[1]", "twice")]
    [InlineData("""{"properties":{"a":{}},"required":["b"]}""", "required", "'b' is required, but 'properties' does not describe it.")]
    [InlineData("""{"required":["b"]}""", "required", "does not describe it")]
    [InlineData("""{"properties":[]}""", "properties", "Must be an object")]
    [InlineData("""{"properties":{"a":"string"}}""", "properties.a", "A schema is an object of keywords, not \"string\".")]
    [InlineData("""{"properties":{"a":{},"a":{}}}""", "properties.a", "twice")]
    [InlineData("""{"title":"a","title":"b"}""", "title", "twice")]
    [InlineData("""{"additionalProperties":"no"}""", "additionalProperties", "true, false or a schema")]
    [InlineData("""{"additionalProperties":{"typo":1}}""", "additionalProperties.typo", "not a keyword")]
    [InlineData("""{"items":true}""", "items", "A schema is an object")]
    [InlineData("""{"items":[{}]}""", "items", "A schema is an object")]
    [InlineData("""{"minItems":-1}""", "minItems", "whole number")]
    [InlineData("""{"maxItems":1.5}""", "maxItems", "whole number")]
    [InlineData("""{"minLength":"1"}""", "minLength", "whole number")]
    [InlineData("""{"maxLength":1e99}""", "maxLength", "whole number")]
    [InlineData("""{"uniqueItems":"yes"}""", "uniqueItems", "true or false")]
    [InlineData("""{"pattern":"[a"}""", "pattern", "does not compile")]
    [InlineData("""{"pattern":1}""", "pattern", "Must be text")]
    [InlineData("""{"minimum":"1"}""", "minimum", "Must be a number")]
    [InlineData("""{"exclusiveMaximum":true}""", "exclusiveMaximum", "Must be a number")]
    [InlineData("""{"minimum":2,"maximum":1}""", "minimum", "'minimum' 2 leaves nothing below 'maximum' 1.")]
    [InlineData("""{"minimum":1,"exclusiveMaximum":1}""", "minimum", "leaves nothing")]
    [InlineData("""{"exclusiveMinimum":1,"maximum":1}""", "exclusiveMinimum", "leaves nothing")]
    [InlineData("""{"exclusiveMinimum":1,"exclusiveMaximum":1}""", "exclusiveMinimum", "leaves nothing")]
    [InlineData("""{"minItems":2,"maxItems":1}""", "minItems", "leaves nothing")]
    [InlineData("""{"minLength":2,"maxLength":1}""", "minLength", "leaves nothing")]
    [InlineData("""{"anyOf":[]}""", "anyOf", "Must be a list of schemas")]
    [InlineData("""{"anyOf":{}}""", "anyOf", "Must be a list of schemas")]
    [InlineData("""{"anyOf":[{},{"type":"x"}]}""", "anyOf[1].type", "not the name of a type")]
    [InlineData("""{"$ref":"#/$defs/Missing"}""", "$ref", "'#/$defs/Missing' refers to nothing.")]
    [InlineData("""{"$ref":"other.json"}""", "$ref", "refers to nothing")]
    [InlineData("""{"$ref":1}""", "$ref", "Must be text")]
    [InlineData("""{"$defs":{}}""", "$defs", "at the root only")]
    [InlineData("""{"title":1}""", "title", "Must be text")]
    [InlineData("""{"description":[]}""", "description", "Must be text")]
    public void A_keyword_with_a_wrong_value_is_a_mistake(string property, string path, string message)
    {
        var mistake = Schemas.Mistake(property);
        Assert.Equal($"properties.v.{path}", mistake.Path);
        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"minimum":1,"maximum":1}""")]
    [InlineData("""{"minItems":1,"maxItems":1}""")]
    [InlineData("""{"type":"object","additionalProperties":false}""")]
    [InlineData("""{"title":"t","description":"d"}""")]
    public void Bounds_that_leave_one_value_are_fine(string property) => Schemas.Of(property);

    [Theory]
    [InlineData("[]", "")]
    [InlineData("true", "")]
    [InlineData("{}", "")]
    [InlineData("""{"type":"object"}""", "")]
    [InlineData("""{"type":"object","properties":{}}""", "properties")]
    [InlineData("""{"type":"array","properties":{"a":{}}}""", "type")]
    [InlineData("""{"type":["object","null"],"properties":{"a":{}}}""", "type")]
    [InlineData("""{"properties":{"a":{}},"anyOf":[{}]}""", "anyOf")]
    [InlineData("""{"properties":{"a":{}},"$ref":"#/$defs/A","$defs":{"A":{}}}""", "$ref")]
    [InlineData("""{"properties":{"a":{}},"enum":[{}]}""", "enum")]
    [InlineData("""{"properties":{"id":{}}}""", "properties.id")]
    public void The_root_is_an_object_with_properties_and_none_is_named_id(string schema, string path) =>
        Assert.Equal(path, Assert.Single(Schemas.Mistakes(schema)).Path);

    [Fact]
    public void A_required_name_nobody_describes_is_answered_with_the_nearest()
    {
        var mistake = Assert.Single(Schemas.Mistakes("""{"properties":{"energy":{},"mood":{}},"required":["enrgy"]}"""));
        Assert.Equal(("required", "Did you mean 'energy'?"), (mistake.Path, mistake.Fix));
    }

    [Fact]
    public void A_reference_to_nothing_is_answered_with_the_nearest_definition()
    {
        var mistake = Assert.Single(Schemas.Mistakes("""{"properties":{"v":{"$ref":"#/definitions/Nodes"}},"$defs":{"Node":{}}}"""));
        Assert.Equal("Did you mean '#/$defs/Node'?", mistake.Fix);
    }

    [Theory]
    [InlineData("""{"A":{"$ref":"#/$defs/A"}}""", 1)]
    [InlineData("""{"A":{"$ref":"#/$defs/B"},"B":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/A"}]}}""", 2)]
    public void A_reference_in_a_circle_is_a_mistake(string definitions, int count)
    {
        var mistakes = Schemas.Mistakes($$"""{"properties":{"v":{"$ref":"#/$defs/A"} },"$defs":{{definitions}} }""");
        Assert.Equal(count, mistakes.Count);
        Assert.All(mistakes, m => Assert.Contains("leads back here", m.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Names_required_by_a_branch_may_be_described_around_it()
    {
        Schemas.Of("""{"type":"object","properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""");
        var mistake = Schemas.Mistake("""{"type":"object","properties":{"first":{}},"anyOf":[{"required":["frist"]}]}""");
        Assert.Equal(("properties.v.anyOf[0].required", "Did you mean 'first'?"), (mistake.Path, mistake.Fix));
    }

    [Fact]
    public void A_label_file_becomes_an_enum_in_its_place()
    {
        var schema = Schemas.Of("""{"description":"d","enum_file":"x.txt","title":"t"}""", "", " Neo Soul ", "  ", "Rhythm & Blues", "Über");
        Assert.Equal(
            """{"type":"object","required":["v"],"properties":{"v":{"description":"d","enum":["Neo Soul","Rhythm & Blues","Über"],"title":"t"}}}""",
            Schemas.Text(schema.Json));
        Assert.Equal("""{"v":"Neo Soul"}""", schema.Stored("""{"v":"Neo Soul"}"""));
    }

    [Fact]
    public void A_label_file_that_cannot_be_used_is_a_mistake()
    {
        const string property = """{"enum_file":"x.txt"}""";
        Assert.Contains("holds no labels", Schemas.Mistake(property, _ => ["", " "]).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Schemas.Mistake(property, _ => throw new IOException("no such file")).Message, StringComparison.Ordinal);
        var repeated = Schemas.Mistake(property, _ => ["A", "B", "A ", "A"]);
        Assert.Equal(("properties.v.enum_file", "The 'x.txt' label \"A\" is listed more than once."), (repeated.Path, repeated.Message));
    }

    [Fact]
    public void A_label_file_is_read_once()
    {
        var reads = new List<string>();
        var mistakes = Schemas.Mistakes(
            """{"properties":{"a":{"enum_file":"x"},"b":{"enum_file":"x"},"c":{"enum_file":"y"}}}""",
            file =>
            {
                reads.Add(file);
                return ["A"];
            });
        Assert.Empty(mistakes);
        Assert.Equal(["x", "y"], reads);
    }

    [Fact]
    public void The_schema_is_kept_compact_in_the_order_it_was_given()
    {
        var schema = Schemas.Parse(
            """
            { "title": "É\u00e9<", "properties": { "b": { "maximum": 1.50, "type": "number" },
              "a": { "anyOf": [ { "type": "string" }, { "$ref": "#/$defs/N" } ] } }, "$defs": { "N": { "type": "null" } }, "required": [ "a" ] }
            """);
        Assert.Equal(
            """{"title":"Éé<","properties":{"b":{"maximum":1.50,"type":"number"},"a":{"anyOf":[{"type":"string"},{"$ref":"#/$defs/N"}]}},"$defs":{"N":{"type":"null"}},"required":["a"]}""",
            Schemas.Text(schema.Json));
        Assert.Equal(["b", "a"], schema.Properties);
    }
}
