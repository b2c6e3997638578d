using System.Text.Json;

namespace Rowmill.Tests.Questions;

public sealed class AnswerSchemaKeywordTests
{
    [Theory]
    // type
    [InlineData("""{"type":"string"}""", "\"a\"", true)]
    [InlineData("""{"type":"string"}""", "1", false)]
    [InlineData("""{"type":"string"}""", "null", false)]
    [InlineData("""{"type":"number"}""", "1.5", true)]
    [InlineData("""{"type":"number"}""", "1", true)]
    [InlineData("""{"type":"number"}""", "\"1\"", false)]
    [InlineData("""{"type":"boolean"}""", "true", true)]
    [InlineData("""{"type":"boolean"}""", "false", true)]
    [InlineData("""{"type":"boolean"}""", "\"true\"", false)]
    [InlineData("""{"type":"boolean"}""", "0", false)]
    [InlineData("""{"type":"null"}""", "null", true)]
    [InlineData("""{"type":"null"}""", "\"\"", false)]
    [InlineData("""{"type":"array"}""", "[]", true)]
    [InlineData("""{"type":"array"}""", "{}", false)]
    [InlineData("""{"type":"object"}""", "{}", true)]
    [InlineData("""{"type":"object"}""", "[]", false)]
    [InlineData("""{"type":["string","null"]}""", "null", true)]
    [InlineData("""{"type":["string","null"]}""", "\"a\"", true)]
    [InlineData("""{"type":["string","null"]}""", "1", false)]
    [InlineData("""{}""", "{\"any\":[1,null]}", true)]
    // integers, by value and not by notation
    [InlineData("""{"type":"integer"}""", "1", true)]
    [InlineData("""{"type":"integer"}""", "-0", true)]
    [InlineData("""{"type":"integer"}""", "1.0", true)]
    [InlineData("""{"type":"integer"}""", "-10.00", true)]
    [InlineData("""{"type":"integer"}""", "1.5", false)]
    [InlineData("""{"type":"integer"}""", "1e2", true)]
    [InlineData("""{"type":"integer"}""", "1.5e1", true)]
    [InlineData("""{"type":"integer"}""", "1.55e1", false)]
    [InlineData("""{"type":"integer"}""", "100e-2", true)]
    [InlineData("""{"type":"integer"}""", "105e-2", false)]
    [InlineData("""{"type":"integer"}""", "0e-5", true)]
    [InlineData("""{"type":"integer"}""", "0.00e-99999999999999999999", true)]
    [InlineData("""{"type":"integer"}""", "1E+400", true)]
    [InlineData("""{"type":"integer"}""", "1e-99999999999999999999", false)]
    [InlineData("""{"type":"integer"}""", "123456789012345678901234567890123456789", true)]
    [InlineData("""{"type":"integer"}""", "\"1\"", false)]
    // enum and const
    [InlineData("""{"enum":["A","B"]}""", "\"B\"", true)]
    [InlineData("""{"enum":["A","B"]}""", "\"b\"", false)]
    [InlineData("""{"enum":["A","B"]}""", "\"A \"", false)]
    [InlineData("""{"enum":["A","B"]}""", "\"\\u0041\"", true)]
    [InlineData("""{"enum":["é"]}""", "\"\\u00e9\"", true)]
    [InlineData("""{"enum":["a\nb"]}""", "\"a\\u000ab\"", true)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "1.0", true)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "null", true)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "true", true)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "false", false)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "[1]", true)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "{\"b\":2,\"a\":1}", true)]
    [InlineData("""{"enum":["A",1,null,true,[1],{"a":1,"b":2}]}""", "\"1\"", false)]
    [InlineData("""{"const":"A"}""", "\"A\"", true)]
    [InlineData("""{"const":"A"}""", "\"B\"", false)]
    [InlineData("""{"const":7}""", "7.0", true)]
    [InlineData("""{"const":null}""", "null", true)]
    [InlineData("""{"const":null}""", "0", false)]
    // required, properties, additionalProperties
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""", """{"a":"x"}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""", """{"b":"x"}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", """{}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", """{"a":1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":true}""", """{"b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":false}""", """{"a":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":false}""", """{"b":2}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":{"type":"number"}}""", """{"a":"x","b":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":{"type":"number"}}""", """{"b":"2"}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{}},"required":["a"]}""", """{"\u0061":2}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", """{"a":1,"a":1}""", false)]
    [InlineData("""{"type":"object"}""", """{"a":1,"\u0061":1}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"]}""", """{"a":null}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""", """{"a":null}""", false)]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", """{"a":null}""", true)]
    // items, minItems, maxItems, uniqueItems
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", "[1,2]", true)]
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", "[1,\"2\"]", false)]
    [InlineData("""{"type":"array","minItems":1}""", "[]", false)]
    [InlineData("""{"type":"array","minItems":1}""", "[0]", true)]
    [InlineData("""{"type":"array","maxItems":2}""", "[0,0]", true)]
    [InlineData("""{"type":"array","maxItems":2}""", "[0,0,0]", false)]
    [InlineData("""{"type":"array","maxItems":2.0}""", "[0,0,0]", false)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """["a","b"]""", true)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """["a","\u0061"]""", false)]
    [InlineData("""{"type":"array","uniqueItems":true}""", "[1,1.0]", false)]
    [InlineData("""{"type":"array","uniqueItems":true}""", "[1,true,\"1\",null]", true)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """[{"a":1,"b":2},{"b":2,"a":1}]""", false)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """[{"a":1},{"a":2}]""", true)]
    [InlineData("""{"type":"array","uniqueItems":false}""", "[1,1]", true)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """["a","b","c","d","e","f","g","h","i","j","k"]""", true)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """["a","b","c","d","e","f","g","h","i","j","a"]""", false)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """[1,2,3,4,5,6,7,8,9,10,{"a":[1],"b":0},{"b":-0.0,"a":[1.0]}]""", false)]
    // lengths, in code points
    [InlineData("""{"type":"string","minLength":2}""", "\"a\"", false)]
    [InlineData("""{"type":"string","minLength":2}""", "\"ab\"", true)]
    [InlineData("""{"type":"string","minLength":2}""", "\"é\"", false)]
    [InlineData("""{"type":"string","minLength":2}""", "\"😀\"", false)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"😀😀\"", true)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"\\ud83d\\ude00\\ud83d\\ude00\"", true)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"😀😀😀\"", false)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"ab\"", true)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"abc\"", false)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"\\n\\n\"", true)]
    [InlineData("""{"maxLength":2}""", "12345", true)]
    // pattern: searches; $ is the end of the text; classes are ASCII
    [InlineData("""{"type":"string","pattern":"b+"}""", "\"abc\"", true)]
    [InlineData("""{"type":"string","pattern":"^b"}""", "\"abc\"", false)]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}$"}""", "\"AB\"", true)]
    [InlineData("""{"type":"string","pattern":"^[A-Z]{2}$"}""", "\"AB\\n\"", false)]
    [InlineData("""{"type":"string","pattern":"[$]\\$$"}""", "\"$$\"", true)]
    [InlineData("""{"type":"string","pattern":"^\\d$"}""", "\"٣\"", false)]
    [InlineData("""{"type":"string","pattern":"^\\p{Lu}$"}""", "\"É\"", true)]
    [InlineData("""{"type":"string","pattern":"^\\p{Lu}$"}""", "\"é\"", false)]
    // bounds
    [InlineData("""{"type":"number","minimum":1}""", "1", true)]
    [InlineData("""{"type":"number","minimum":1}""", "0.999", false)]
    [InlineData("""{"type":"number","maximum":1}""", "1.0", true)]
    [InlineData("""{"type":"number","maximum":1}""", "1.0000000000000000000000001", false)]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "0", false)]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "1e-40", true)]
    [InlineData("""{"type":"number","exclusiveMaximum":1}""", "1", false)]
    [InlineData("""{"type":"number","exclusiveMaximum":1}""", "0.5", true)]
    [InlineData("""{"type":"number","maximum":1e300}""", "1e301", false)]
    [InlineData("""{"type":"number","maximum":1e300}""", "1e400", false)]
    [InlineData("""{"type":"number","minimum":0.1,"maximum":0.3}""", "0.3", true)]
    [InlineData("""{"type":"integer","maximum":9007199254740993}""", "9007199254740994", false)]
    [InlineData("""{"type":"integer","maximum":9007199254740993}""", "9007199254740993", true)]
    // anyOf
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"number","minimum":5}]}""", "\"a\"", true)]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"number","minimum":5}]}""", "5", true)]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"number","minimum":5}]}""", "4", false)]
    [InlineData("""{"minimum":3,"anyOf":[{"type":"string"},{"type":"number"}]}""", "2", false)]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""", """{"b":1}""", true)]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""", """{"c":1}""", false)]
    // half a surrogate pair is no text
    [InlineData("""{"type":"string"}""", "\"\\ud83d\"", false)]
    [InlineData("""{}""", """{"a":["\ude00"]}""", false)]
    [InlineData("""{"type":"object"}""", """{"\ud83d":1}""", false)]
    [InlineData("""{"type":"array","uniqueItems":true}""", """["\ud83d","\ud83d"]""", false)]
    public void Each_keyword_holds_the_value_to_its_meaning(string property, string value, bool valid)
    {
        var check = Schemas.Of(property).Check(Schemas.Element($$"""{"v":{{value}}}"""));
        Assert.Equal(valid, check.Error is null);
        Assert.Equal(valid, !check.Json.IsEmpty);
    }

    [Theory]
    [InlineData("""{"v":{"name":"a","children":[{"name":"b","children":[]}]}}""", true)]
    [InlineData("""{"v":{"name":"a","children":[{"name":"b","children":[{"name":1}]}]}}""", false)]
    [InlineData("""{"v":{"name":"a","children":[{"children":[]}]}}""", false)]
    public void A_recursive_reference_is_followed_to_any_depth(string answer, bool valid)
    {
        var schema = Schemas.Parse(
            """
            {"type":"object","properties":{"v":{"$ref":"#/$defs/Node"}},
             "$defs":{"Node":{"type":"object","required":["name"],"additionalProperties":false,
               "properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/Node"}}}}}}
            """);
        Assert.Equal(valid, schema.Check(Schemas.Element(answer)).Error is null);
    }

    [Theory]
    [InlineData("\"ab\"", true)]
    [InlineData("\"abc\"", false)]
    [InlineData("\"a\"", false)]
    public void Keywords_beside_a_reference_apply_as_well(string value, bool valid)
    {
        var schema = Schemas.Parse(
            """{"properties":{"v":{"$ref":"#/$defs/a~1b%20c","minLength":2}},"$defs":{"a/b c":{"type":"string","maxLength":2}}}""");
        Assert.Equal(valid, schema.Check(Schemas.Element($$"""{"v":{{value}}}""")).Error is null);
    }

    [Fact]
    public void Branches_that_recurse_into_each_other_end_in_an_error_and_not_in_a_hang()
    {
        var schema = Schemas.Parse(
            """
            {"properties":{"v":{"$ref":"#/$defs/A"}},"$defs":{"A":{"anyOf":[
              {"type":"object","properties":{"x":{"$ref":"#/$defs/A"},"y":{"const":1}},"required":["y"]},
              {"type":"object","properties":{"x":{"$ref":"#/$defs/A"},"y":{"const":2}},"required":["y"]}]}}}
            """);
        var answer = "{\"y\":3}";
        for (var i = 0; i < 40; i++) answer = $$"""{"x":{{answer}},"y":1}""";
        Assert.Contains("ambiguous", schema.Error($$"""{"v":{{answer}}}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_never_ends_is_an_error_of_the_answer()
    {
        var schema = Schemas.Of("""{"type":"string","pattern":"^(a+)+$"}""");
        Assert.Contains("too long to match", schema.Error($$"""{"v":"{{new string('a', 60)}}!"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_labels_are_told_apart()
    {
        string[] labels = [.. Enumerable.Range(0, 5000).Select(i => $"Label № {i}")];
        var schema = Schemas.Of("""{"enum_file":"labels.txt"}""", labels);
        foreach (var label in labels) Assert.Null(schema.Check(Schemas.Element($$"""{"v":"{{label}}"}""")).Error);
        Assert.NotNull(schema.Check(Schemas.Element("""{"v":"Label № 5000"}""")).Error);
        Assert.NotNull(schema.Check(Schemas.Element("""{"v":""}""")).Error);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"a\"")]
    [InlineData("3")]
    public void An_answer_that_is_no_object_is_not_valid(string answer) =>
        Assert.StartsWith("answer: must be an object", Schemas.Of("{}").Error(answer), StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_text_are_not_valid()
    {
        var bytes = """{"v":"a"}"""u8.ToArray();
        bytes[6] = 0xFF;
        using var document = JsonDocument.Parse(bytes);
        Assert.Equal("answer: is not valid UTF-8", Schemas.Of("{}").Check(document.RootElement).Error);
    }

    [Fact]
    public void Properties_are_found_among_many()
    {
        var names = Enumerable.Range(0, 300).Select(i => $"p{i}").ToArray();
        var properties = string.Join(",", names.Select(n => $"\"{n}\":{{\"type\":\"integer\"}}"));
        var schema = Schemas.Of($$$"""{"type":"object","properties":{{{{properties}}}},"required":["p299"],"additionalProperties":false}""");
        Assert.Null(schema.Check(Schemas.Element("""{"v":{"p299":1,"p0":2}}""")).Error);
        Assert.Equal("v.p299: is missing", schema.Error("""{"v":{"p298":1}}"""));
        Assert.Equal("v.p300: 1 is not expected here", schema.Error("""{"v":{"p299":1,"p300":1}}"""));
    }

    [Fact]
    public void One_schema_checks_for_many_threads_at_once()
    {
        var schema = Schemas.Parse("""{"properties":{"a":{"type":"integer"},"b":{"enum":["x","y"]}},"required":["a","b"]}""");
        Parallel.For(0, 2000, i =>
        {
            var check = schema.Check(Schemas.Element($$"""{"b":"x","a":{{i}}}"""));
            Assert.Equal($$"""{"a":{{i}},"b":"x"}""", Schemas.Text(check.Json));
        });
    }
}
