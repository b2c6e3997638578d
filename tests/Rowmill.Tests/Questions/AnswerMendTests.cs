using Rowmill.Core.Questions;

namespace Rowmill.Tests.Questions;

public sealed class AnswerMendTests
{
    private const string Energy = """{"enum":["Very Low","Low","High"],"aliases":{"Hi":"High","very-very low":"Very Low"}}""";

    [Theory]
    [InlineData("\"high\"", "\"High\"")]
    [InlineData("\" HIGH\\n\"", "\"High\"")]
    [InlineData("\"very_low\"", "\"Very Low\"")]
    [InlineData("\"Very\u2011Low\"", "\"Very Low\"")]
    [InlineData("\"very \u2014 low\"", "\"Very Low\"")]
    [InlineData("\"VeryLow\"", "\"Very Low\"")]
    [InlineData("\"hi\"", "\"High\"")]
    [InlineData("\"Very very LOW\"", "\"Very Low\"")]
    public void A_label_that_differs_by_case_space_or_hyphen_or_is_an_alias_is_mapped_and_counted(string value, string stored) =>
        Mended(Energy, value, stored, new AnswerMends(1, 0, 0));

    [Theory]
    [InlineData("\"Higher\"")]
    [InlineData("\"Hig\"")]
    [InlineData("\"High.\"")]
    [InlineData("\"\"")]
    [InlineData("\" - \"")]
    [InlineData("\"H\u0131gh\"")]
    [InlineData("\"Low, High\"")]
    [InlineData("null")]
    public void Any_other_label_is_invalid(string value) => Refused(Energy, value);

    [Theory]
    [InlineData("""["Σίσυφος"]""", "ΣΊΣΥΦΟΣ", true)]
    [InlineData("""["ÉTÉ"]""", "été", true)]
    [InlineData("""["Straße"]""", "STRAẞE", true)]
    [InlineData("""["Straße"]""", "Strasse", false)]
    [InlineData("""["İyi"]""", "iyi", false)]
    [InlineData("""["Kelvin"]""", "\u212Aelvin", true)]
    [InlineData("""["Re-cover","Recover"]""", "recover", false)]
    [InlineData("""["Re-cover","Recover"]""", "Recover", true)]
    [InlineData("""["1-2","3"]""", "1 \u2013 2", true)]
    [InlineData("""["12","3"]""", "1-2", false)]
    [InlineData("""["1","2"]""", "-1", false)]
    [InlineData("""["Level 1","Level 2"]""", "level-1", true)]
    [InlineData("""["Level 1","Level 2"]""", "level -1", false)]
    [InlineData("""["A","B"]""", "A-", false)]
    [InlineData("""["$5","$9"]""", "-$5", false)]
    public void Two_labels_are_one_only_where_no_meaning_is_lost(string labels, string value, bool mapped) =>
        Assert.Equal(mapped, Schemas.Of($$"""{"enum":{{labels}} }""").Mend(Schemas.Element($$"""{"v":"{{value}}"}""")).Error is null);

    [Theory]
    [InlineData("""{"type":"integer"}""", "\"3\"", "3")]
    [InlineData("""{"type":"integer"}""", "\" 3.0 \"", "3.0")]
    [InlineData("""{"type":"number","minimum":-2000}""", "\"-1.5e3\"", "-1.5e3")]
    [InlineData("""{"type":["integer","null"]}""", "\"7\"", "7")]
    [InlineData("""{"enum":[1,2,3]}""", "\"2\"", "2")]
    [InlineData("""{"const":7}""", "\"7\"", "7")]
    [InlineData("""{"type":"boolean"}""", "\"True\"", "true")]
    [InlineData("""{"type":"boolean"}""", "\"false\"", "false")]
    [InlineData("""{"enum":["1","2"]}""", "2", "\"2\"")]
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", "4", "[4]")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "\"Neo Soul\"", "[\"Neo Soul\"]")]
    [InlineData("""{"type":"array","items":{"enum":["R&B, Soul","Pop"]}}""", "\"R&B, Soul\"", "[\"R&B, Soul\"]")]
    [InlineData("""{"type":"array","items":{"type":"object","properties":{"a":{}}}}""", """{"a":1}""", """[{"a":1}]""")]
    [InlineData("""{"type":"string"}""", "[\"a\"]", "\"a\"")]
    [InlineData("""{"enum":["Low","High"]}""", "[\"High\"]", "\"High\"")]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", """[{"a":1}]""", """{"a":1}""")]
    public void A_value_of_another_type_that_means_one_thing_is_read_so_and_counted(string property, string value, string stored) =>
        Mended(property, value, stored, new AnswerMends(0, 1, 0));

    [Theory]
    [InlineData("""{"type":"integer"}""", "\"3.5\"")]
    [InlineData("""{"type":"integer"}""", "\"three\"")]
    [InlineData("""{"type":"integer"}""", "\"3 of 5\"")]
    [InlineData("""{"type":"integer"}""", "\"+3\"")]
    [InlineData("""{"type":"integer"}""", "\"03\"")]
    [InlineData("""{"type":"integer"}""", "\"1,000\"")]
    [InlineData("""{"type":"integer"}""", "\"\"")]
    [InlineData("""{"type":"integer","maximum":2}""", "\"3\"")]
    [InlineData("""{"type":"integer"}""", "true")]
    [InlineData("""{"type":"boolean"}""", "1")]
    [InlineData("""{"type":"boolean"}""", "\"yes\"")]
    [InlineData("""{"type":"string"}""", "3")]
    [InlineData("""{"type":"string"}""", "true")]
    [InlineData("""{"type":"string"}""", "null")]
    [InlineData("""{"type":"string"}""", "[null]")]
    [InlineData("""{"type":"string"}""", "[\"a\",\"b\"]")]
    [InlineData("""{"type":"string"}""", "[[\"a\"]]")]
    [InlineData("""{"enum":["A",1]}""", "\"1\"")]
    [InlineData("""{"type":["integer","array"],"items":{"type":"integer"}}""", "\"3\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "\"a; b\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "\"a, b\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "\" \"")]
    [InlineData("""{"type":"array","items":{"enum":["A","B"]}}""", "\"A, B\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "null")]
    [InlineData("""{"type":"array","minItems":2,"items":{"type":"string"}}""", "\"a\"")]
    public void Where_it_could_mean_something_else_it_is_invalid(string property, string value) => Refused(property, value);

    [Fact]
    public void Several_things_are_put_right_at_once_and_at_every_depth() => Mended(
        """
        {"type":"array","items":{"type":"object","required":["e"],"additionalProperties":false,
         "properties":{"e":{"$ref":"#/$defs/E"},"n":{"anyOf":[{"type":"integer"},{"type":"null"}]},"k":{"const":"Song"}}}}
        """,
        """{"e":["very-low"],"n":"3","k":"song","why":{"a":1}}""",
        """[{"e":"Very Low","n":3,"k":"Song"}]""",
        new AnswerMends(2, 3, 1));

    [Theory]
    [InlineData("""{"type":"object","additionalProperties":false,"properties":{"a":{}}}""", """{"a":1,"b":2,"c":null}""", """{"a":1}""", 2)]
    [InlineData("""{"type":"array","items":{"type":"object","additionalProperties":false,"properties":{"a":{}}}}""", """[{"x":1,"x":2}]""", "[{}]", 2)]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", """{"a":1,"b":2}""", """{"a":1,"b":2}""", 0)]
    public void Properties_that_a_closed_object_does_not_know_are_dropped_and_counted(string property, string value, string stored, int extras) =>
        Mended(property, value, stored, new AnswerMends(0, 0, extras));

    [Theory]
    // Dropping another property each, two branches would fit.
    [InlineData("""
        {"anyOf":[{"type":"object","required":["a"],"additionalProperties":false,"properties":{"a":{}}},
                  {"type":"object","required":["b"],"additionalProperties":false,"properties":{"b":{}}}]}
        """, """{"a":1,"b":2}""")]
    [InlineData("""{"anyOf":[{"enum":["A b"]},{"enum":["A-b"]}]}""", "\"a b\"")]
    // Text is asked, so it is not a number.
    [InlineData("""{"anyOf":[{"type":"integer"},{"enum":["High"]}]}""", "\"3\"")]
    [InlineData("""{"type":"array","uniqueItems":true,"items":{"enum":["High","Low"]}}""", """["High","HIGH"]""")]
    public void What_could_be_put_right_in_two_ways_or_breaks_another_rule_is_invalid(string property, string value) => Refused(property, value);

    [Fact]
    public void A_branch_of_the_values_type_goes_before_one_of_another_type() => Mended(
        """{"anyOf":[{"type":"array","items":{"enum":["High"]}},{"enum":["High"]}]}""", "\"high\"", "\"High\"", new AnswerMends(1, 0, 0));

    [Fact]
    public void What_a_schema_admits_as_it_came_is_not_touched() =>
        Mended("""{"anyOf":[{"enum":["High"]},{"type":"string"}]}""", "\"high\"", "\"high\"", default);

    [Fact]
    public void A_schema_of_arrays_within_arrays_has_an_end()
    {
        var schema = Schemas.Parse("""{"properties":{"v":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"array","items":{"$ref":"#/$defs/A"}}}}""");
        Assert.NotNull(schema.Mend(Schemas.Element("""{"v":"x"}""")).Error);
    }

    [Fact]
    public void Extras_of_the_answer_are_counted_and_its_id_is_none()
    {
        var schema = Schemas.Parse("""{"properties":{"a":{"type":"integer"}}}""");
        Assert.Equal(new AnswerMends(0, 0, 2), schema.Mend(Schemas.Element("""{"id":1,"x":1,"a":1,"y":{}}""")).Mends);
        var keeping = Schemas.Parse("""{"properties":{"a":{}},"additionalProperties":{"type":"integer"}}""");
        var check = keeping.Mend(Schemas.Element("""{"id":1,"a":1,"x":2,"y":"3","z":"no"}"""));
        Assert.Equal("""{"a":1,"x":2,"y":3}""", Schemas.Text(check.Json));
        Assert.Equal(new AnswerMends(0, 1, 1), check.Mends);
    }

    [Fact]
    public void A_name_that_has_swallowed_the_border_to_another_answer_is_no_extra()
    {
        var schema = Schemas.Parse("""{"properties":{"a":{"type":"integer"}}}""");
        Assert.Contains("a quote is missing", schema.Mend(Schemas.Element("""{"id":1,"x},{id":2,"a":1}""")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_are_neither_sent_nor_part_of_the_question()
    {
        var with = Schemas.Of(Energy);
        var without = Schemas.Of("""{"enum":["Very Low","Low","High"]}""");
        Assert.Equal(Schemas.Text(without.Json), Schemas.Text(with.Json));
        Assert.Equal(Question(without).Fingerprint, Question(with).Fingerprint);
        Assert.Equal(Schemas.Text(ReplySchema.Build(without, true)), Schemas.Text(ReplySchema.Build(with, true)));

        static Question Question(AnswerSchema schema) => new() { Prompt = "p", Schema = schema };
    }

    [Fact]
    public void Aliases_stand_for_the_labels_of_a_file_too() => Assert.Equal(
        """{"v":"Neo Soul"}""",
        Schemas.Text(Schemas.Of("""{"aliases":{"NS":"Neo Soul"},"enum_file":"x"}""", "Neo Soul", "Rock").Mend(Schemas.Element("""{"v":"ns"}""")).Json));

    [Theory]
    [InlineData("""{"aliases":{"a":"A"}}""", "aliases", "no 'enum' or 'enum_file' beside them")]
    [InlineData("""{"enum":["A"],"aliases":["a"]}""", "aliases", "Must be an object from aliases to labels")]
    [InlineData("""{"enum":["A"],"aliases":{"x":"B"}}""", "aliases.x", "\"B\" is not one of the labels \"A\".")]
    [InlineData("""{"enum":["A",1],"aliases":{"x":1}}""", "aliases.x", "stands for one label, not for 1")]
    [InlineData("""{"enum":["A","B"],"aliases":{"b":"A"}}""", "aliases.b", "differs only by case, space or hyphen from a label")]
    [InlineData("""{"enum":["A-b","A b"],"aliases":{"ab":"A b"}}""", "aliases.ab", "differs only by case, space or hyphen from a label")]
    [InlineData("""{"enum":["A","B"],"aliases":{"x y":"A","X-Y":"B"}}""", "aliases.X-Y", "The aliases 'x y' and 'X-Y' differ only by case")]
    [InlineData("""{"enum":["A"],"aliases":{" ":"A"}}""", "aliases. ", "is blank")]
    [InlineData("""{"enum":["A"],"aliases":{"x":"A","x":"A"}}""", "aliases.x", "stands here twice")]
    public void An_alias_that_is_not_clear_is_a_mistake(string property, string path, string message)
    {
        var mistake = Schemas.Mistake(property);
        Assert.Equal($"properties.v.{path}", mistake.Path);
        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_put_right_is_valid_by_itself_and_stays_as_it_is()
    {
        string[] rules =
        [
            Energy, """{"type":"integer"}""", """{"type":["boolean","integer"]}""", """{"type":"string","maxLength":3}""",
            """{"enum":["1","2",3,true,null,[1]]}""", """{"type":"array","maxItems":2,"uniqueItems":true,"items":{"enum":["Low","High","3"]}}""",
            """{"type":"array","items":{"type":"array","items":{"type":"number"}}}""",
            """{"type":"object","required":["a"],"additionalProperties":false,"properties":{"a":{"type":"integer"},"b":{"type":"string"}}}""",
            """{"anyOf":[{"type":"integer"},{"type":"array","items":{"type":"boolean"}},{"type":"object","properties":{"a":{"const":"X y"}}}]}""",
            """{"minLength":2,"anyOf":[{"enum":["Low","l-ow"]},{"type":"number"}]}""",
        ];
        string[] single =
        [
            "null", "true", "3", "-0", "1.5", "1e400", "\"\"", "\"3\"", "\"true\"", "\"low\"", "\"L O W\"", "\"hi\"", "\"a; b\"", "\"x-Y\"", "\"\\ud800\"",
            "[]", "{}",
        ];
        var values = single.Concat(single.Select(v => $"[{v}]")).Concat(single.Select(v => $"[[{v}]]")).Concat(single.Select(v => $"[{v},\"low\",]"))
            .Concat(single.Select(v => $$"""{"a":{{v}},"c":1}""")).Concat(single.Select(v => $$"""[{"a":{{v}},"b":null,}]""")).ToList();
        var mended = 0;
        foreach (var schema in rules.Select(r => Schemas.Of(r)))
        {
            foreach (var value in values)
            {
                using var document = System.Text.Json.JsonDocument.Parse($$"""{"v":{{value}}}""", new() { AllowTrailingCommas = true });
                var check = schema.Mend(document.RootElement);
                if (check.Error is not null) continue;
                Assert.Equal(Schemas.Text(check.Json), schema.Stored(Schemas.Text(check.Json)));
                if (check.Mends != default) mended++;
            }
        }

        Assert.InRange(mended, 50, rules.Length * values.Count);
    }

    private static void Mended(string property, string value, string stored, AnswerMends mends)
    {
        var schema = Schemas.Parse($$"""{"required":["v"],"properties":{"v":{{property}} },"$defs":{"E":{"enum":["Very Low","High"]} } }""");
        var check = schema.Mend(Schemas.Element($$"""{"v":{{value}}}"""));
        Assert.Null(check.Error);
        Assert.Equal($$"""{"v":{{stored}}}""", Schemas.Text(check.Json));
        Assert.Equal(mends, check.Mends);
        Assert.Equal(stored == value, schema.Check(Schemas.Element($$"""{"v":{{value}}}""")).Error is null);
    }

    private static void Refused(string property, string value)
    {
        var check = Schemas.Of(property).Mend(Schemas.Element($$"""{"v":{{value}}}"""));
        Assert.NotNull(check.Error);
        Assert.Equal(default, check.Mends);
    }
}
