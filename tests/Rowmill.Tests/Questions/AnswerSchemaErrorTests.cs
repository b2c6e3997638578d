namespace Rowmill.Tests.Questions;

public sealed class AnswerSchemaErrorTests
{
    [Theory]
    [InlineData("""{"type":"string"}""", "3", "v: must be a string, but is 3")]
    [InlineData("""{"type":["integer","null"]}""", "1.5", "v: must be a whole number or null, but is 1.5")]
    [InlineData("""{"enum":["Low","High"]}""", "\"high\"", "v: \"high\" is not one of \"Low\", \"High\"")]
    [InlineData("""{"const":"x"}""", "\"y\"", "v: must be \"x\", but is \"y\"")]
    [InlineData("""{"type":"string","maxLength":3}""", "\"😀bcd\"", "v: has 4 characters, at most 3 are allowed: \"😀bcd\"")]
    [InlineData("""{"type":"string","minLength":3}""", "\"a\"", "v: has 1 characters, at least 3 are required: \"a\"")]
    [InlineData("""{"type":"string","pattern":"^[A-Z]+$"}""", "\"a\"", "v: \"a\" does not match the pattern ^[A-Z]+$")]
    [InlineData("""{"type":"number","minimum":1}""", "0.5", "v: must be at least 1, but is 0.5")]
    [InlineData("""{"type":"number","maximum":1}""", "2", "v: must be at most 1, but is 2")]
    [InlineData("""{"type":"number","exclusiveMinimum":1}""", "1", "v: must be more than 1, but is 1")]
    [InlineData("""{"type":"number","exclusiveMaximum":1}""", "1", "v: must be less than 1, but is 1")]
    [InlineData("""{"type":"array","minItems":2}""", "[1]", "v: has 1 items, at least 2 are required: [1]")]
    [InlineData("""{"type":"array","maxItems":1}""", "[1, 2]", "v: has 2 items, at most 1 are allowed: [1, 2]")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "[1,2,1]", "v: holds 1 more than once")]
    [InlineData("""{"type":"array","items":{"enum":["A"]}}""", "[\"A\",\"B\"]", "v[1]: \"B\" is not one of \"A\"")]
    [InlineData("""{"type":"array","items":{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}}}}""", """[{"a":["x",2]}]""", "v[0].a[1]: must be a string, but is 2")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""", "{}", "v.a: is missing")]
    [InlineData("""{"type":"object","additionalProperties":false}""", """{"b\nc":[1]}""", "v.b\\nc: [1] is not expected here")]
    [InlineData("""{"type":"object"}""", """{"b":1,"b":2}""", "v.b: stands there twice")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", "3", "v: fits none of the 2 alternatives: 3")]
    [InlineData("""{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"null"}]}""", "[3]", "v[0]: must be a string, but is 3")]
    [InlineData("""{"type":"string"}""", "\"\\ud83d\"", "v: holds half of a surrogate pair")]
    [InlineData("""{"type":"array"}""", "{\n\t\"a\" :\n 1}", "v: must be an array, but is { \"a\" : 1}")]
    public void An_error_names_the_path_the_reason_and_the_value(string property, string value, string error) =>
        Assert.Equal(error, Schemas.Of(property).Error($$"""{"v":{{value}}}"""));

    [Fact]
    public void A_missing_property_of_the_answer_is_named() => Assert.Equal("v: is missing", Schemas.Of("{}").Error("""{"id":1,"V":2}"""));

    [Fact]
    public void A_null_for_a_required_property_is_no_answer() =>
        Assert.Equal("v: must be a string, but is null", Schemas.Of("""{"type":"string"}""").Error("""{"v":null}"""));

    [Fact]
    public void A_property_that_stands_twice_is_refused_even_when_one_is_null() =>
        Assert.Equal("v: stands there twice", Schemas.Parse("""{"properties":{"v":{"type":"integer"}}}""").Error("""{"v":null,"v":2}"""));

    [Fact]
    public void A_long_value_is_cut_without_tearing_a_character()
    {
        var value = new string('x', 78) + string.Concat(Enumerable.Repeat("😀", 50));
        var error = Schemas.Of("""{"type":"integer"}""").Error($$"""{"v":"{{value}}"}""");
        Assert.Equal($"v: must be a whole number, but is \"{new string('x', 78)}…", error);
    }

    [Fact]
    public void A_long_list_of_labels_is_shown_in_part()
    {
        var error = Schemas.Of("""{"enum_file":"x"}""", [.. Enumerable.Range(1, 300).Select(i => $"Genre {i}")]).Error("""{"v":"Rock"}""");
        Assert.StartsWith("v: \"Rock\" is not one of \"Genre 1\", \"Genre 2\", ", error, StringComparison.Ordinal);
        Assert.EndsWith(", … (300 in all)", error, StringComparison.Ordinal);
        Assert.InRange(error.Length, 60, 220);
    }

    [Fact]
    public void An_error_is_one_line_whatever_the_reply_holds()
    {
        var error = Schemas.Of("""{"type":"object","additionalProperties":{"type":"integer"}}""").Error(
            "{\"v\":{\"" + new string('n', 500) + "\u2028\u0085\":[\r\n" + new string(' ', 500) + "\"\u2029\"\n]}}");
        Assert.DoesNotContain(error, c => char.IsControl(c) || c is '\u2028' or '\u2029');
        Assert.InRange(error.Length, 80, 240);
    }
}
