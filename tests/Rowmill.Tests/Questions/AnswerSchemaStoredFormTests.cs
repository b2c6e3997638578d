using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rowmill.Tests.Questions;

public sealed class AnswerSchemaStoredFormTests
{
    private const string Nested =
        """
        {"properties":{"v":{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"string"},
         "n":{"type":["string","null"]},"list":{"type":"array","items":{"type":"object","properties":{"c":{"enum":["x"]}}}}}}}}
        """;

    [Theory]
    [InlineData("""{"b":"x","a":1}""", """{"a":1,"b":"x"}""")]
    [InlineData(""" { "a" : 1 ,"b":"x" } """, """{"a":1,"b":"x"}""")]
    [InlineData("""{"id":7,"a":1,"b":"x"}""", """{"a":1,"b":"x"}""")]
    [InlineData("""{"id":"not a number","a":1,"b":"x"}""", """{"a":1,"b":"x"}""")]
    [InlineData("""{"a":1,"b":"x","comment":"extra"}""", """{"a":1,"b":"x"}""")]
    [InlineData("""{"a":1,"comment":1,"comment":2,"\ud83d":1}""", """{"a":1}""")]
    [InlineData("""{"\u0061":1}""", """{"a":1}""")]
    [InlineData("""{"a":1.0}""", """{"a":1.0}""")]
    [InlineData("""{"a":1,"b":null}""", """{"a":1}""")]
    public void The_root_is_stored_in_schema_order_without_id_extras_and_absent_nulls(string answer, string stored)
    {
        foreach (var additional in new[] { "", ""","additionalProperties":true""", ""","additionalProperties":false""" })
        {
            var schema = Schemas.Parse(
                $$"""{"type":"object","required":["a"],"properties":{"a":{"type":"number"},"b":{"type":"string"} }{{additional}}}""");
            Assert.Equal(stored, schema.Stored(answer));
        }
    }

    [Fact]
    public void A_null_the_schema_admits_is_kept() =>
        Assert.Equal("""{"a":null}""", Schemas.Parse("""{"properties":{"a":{"type":["string","null"]}}}""").Stored("""{"a":null}"""));

    [Theory]
    [InlineData("""{"type":"string"}""", true)]
    [InlineData("""{"enum":["a"]}""", true)]
    [InlineData("""{"enum":["a",null]}""", false)]
    [InlineData("""{"const":1}""", true)]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", false)]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"integer"}]}""", true)]
    [InlineData("""{"$ref":"#/$defs/N"}""", false)]
    [InlineData("""{"$ref":"#/$defs/S"}""", true)]
    [InlineData("""{}""", false)]
    public void Null_means_absent_exactly_where_the_schema_does_not_admit_it(string property, bool absent)
    {
        var schema = Schemas.Parse(
            $$"""{"properties":{"v":{{property}}},"$defs":{"N":{"type":["null","string"]},"S":{"type":"string"} } }""");
        Assert.Equal(absent ? "{}" : """{"v":null}""", schema.Stored("""{"v":null}"""));
    }

    [Theory]
    [InlineData("""{"v":{"a":"x","b":null,"n":null}}""", """{"v":{"a":"x","n":null}}""")]
    [InlineData("""{"v":{"b":null,"a":"x"}}""", """{"v":{"a":"x"}}""")]
    [InlineData("""{"v":{"a":"x","list":[{"c":null},{"c":"x"}]}}""", """{"v":{"a":"x","list":[{},{"c":"x"}]}}""")]
    [InlineData("""{"v":{"a":"x","list":null,"other":null}}""", """{"v":{"a":"x","other":null}}""")]
    public void Absent_nulls_are_dropped_at_every_depth(string answer, string stored) =>
        Assert.Equal(stored, Schemas.Parse(Nested).Stored(answer));

    [Fact]
    public void Absent_nulls_are_dropped_by_the_branch_that_fits()
    {
        var schema = Schemas.Of(
            """
            {"anyOf":[{"type":"object","required":["k"],"properties":{"k":{"const":1},"s":{"type":"string"}}},
                      {"type":"object","required":["k"],"properties":{"k":{"const":2},"s":{"type":["string","null"]},"t":{"type":"string"}}}]}
            """);
        Assert.Equal("""{"v":{"k":1}}""", schema.Stored("""{"v":{"k":1,"s":null}}"""));
        Assert.Equal("""{"v":{"k":2,"s":null}}""", schema.Stored("""{"v":{"k":2,"s":null,"t":null}}"""));
    }

    [Fact]
    public void A_null_that_means_absent_does_not_meet_a_requirement_of_a_branch()
    {
        var schema = Schemas.Of(
            """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""");
        Assert.Equal("""{"v":{"b":"x"}}""", schema.Stored("""{"v":{"a":null,"b":"x"}}"""));
        Assert.NotNull(schema.Check(Schemas.Element("""{"v":{"a":null}}""")).Error);
    }

    [Fact]
    public void A_branch_does_not_drop_what_the_schema_around_it_requires()
    {
        var schema = Schemas.Of(
            """{"type":"object","required":["a"],"properties":{"a":{}},"anyOf":[{"properties":{"a":{"type":"string"}}}]}""");
        Assert.NotNull(schema.Check(Schemas.Element("""{"v":{"a":null}}""")).Error);
    }

    [Fact]
    public void Extras_that_a_rule_admits_are_kept_after_the_known_ones()
    {
        var schema = Schemas.Parse(
            """{"properties":{"a":{"type":"string"}},"additionalProperties":{"type":"integer","minimum":0}}""");
        Assert.Equal(
            """{"a":"x","z":1,"b":2}""",
            schema.Stored("""{"z":1,"bad":"text","id":3,"a":"x","low":-1,"none":null,"twice":1,"twice":2,"b":2}"""));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\\u00e9\\u4e2d 中", "é中 中")]
    [InlineData("a\\/b", "a/b")]
    [InlineData("\\ud83d\\ude00", null)]
    [InlineData("<b>&'+\\u003c", "<b>&'+<")]
    [InlineData("line\\nbreak\\r\\u0009\\\"\\\\", "line\\nbreak\\r\\t\\\"\\\\")]
    [InlineData("\u2028\u2029\u0085\u007f", null)]
    [InlineData("\\u2028", null)]
    [InlineData("😀 \u0000", null)]
    public void Strings_are_stored_as_a_relaxed_writer_writes_them(string inner, string? stored)
    {
        inner = inner.Replace("\0", "\\u0000", StringComparison.Ordinal);
        var answer = Schemas.Element($$"""{"v":["{{inner}}",{"{{inner}}":"{{inner}}"}]}""");
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("v");
            var text = answer.GetProperty("v")[0].GetString();
            writer.WriteStringValue(text);
            writer.WriteStartObject();
            writer.WriteString(text!, text);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        var json = Schemas.Text(Schemas.Of("{}").Check(answer).Json);
        Assert.Equal(Encoding.UTF8.GetString(buffer.WrittenSpan), json);
        Assert.DoesNotContain(json, c => c is '\n' or '\r' or '\u2028' or '\u2029');
        if (stored is not null) Assert.StartsWith($"{{\"v\":[\"{stored}\",", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_strings_full_of_escapes_fit()
    {
        var text = string.Concat(Enumerable.Repeat("\u2028\"\\", 50_000));
        var answer = Schemas.Element($$"""{"v":{{JsonSerializer.Serialize(text)}}}""");
        var json = Schemas.Of("{}").Check(answer).Json;
        Assert.Equal(text, Schemas.Element(Schemas.Text(json)).GetProperty("v").GetString());
    }

    [Fact]
    public void The_stored_form_is_valid_again_and_stays_as_it_is()
    {
        var schema = Schemas.Parse(Nested);
        var once = schema.Stored("""{"x":1,"v":{"b":null,"a":"\u0061\n","list":[ {"c":null} ]}}""");
        Assert.Equal(once, schema.Stored(once));
    }

    [Fact]
    public void Nothing_but_the_result_is_allocated_for_a_plain_answer()
    {
        var schema = Schemas.Parse(
            """
            {"type":"object","required":["energy","subgenres","reasoning"],"properties":{
              "energy":{"enum":["Very Low","Low","Medium","High","Very High"]},
              "subgenres":{"type":"array","minItems":1,"maxItems":3,"uniqueItems":false,"items":{"enum_file":"x"}},
              "reasoning":{"type":"string","maxLength":600},"score":{"type":"number","minimum":0,"maximum":1}}}
            """,
            [.. Enumerable.Range(0, 400).Select(i => $"Genre {i}")]);
        var answer = Schemas.Element("""{"id":1,"energy":"High","subgenres":["Genre 7","Genre 399"],"reasoning":"Because.","score":0.25}""");
        var size = schema.Check(answer).Json.Length;
        for (var i = 0; i < 50; i++) schema.Check(answer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) schema.Check(answer);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;
        Assert.InRange(each, size, size + 64);
    }
}
