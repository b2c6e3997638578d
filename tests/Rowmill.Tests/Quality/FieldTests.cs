using System.Text;
using System.Text.Json;
using Rowmill.Core.Quality;
using Rowmill.Core.Rows;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Quality;

public sealed class FieldTests
{
    [Theory]
    [InlineData("""{"enum":["Low","High",null]}""", FieldKind.Label, false, "Low,High")]
    [InlineData("""{"const":"Only"}""", FieldKind.Label, false, "Only")]
    [InlineData("""{"enum":[1,2,3]}""", FieldKind.Label, false, "1,2,3")]
    [InlineData("""{"type":"boolean"}""", FieldKind.Boolean, false, "true,false")]
    [InlineData("""{"type":["integer","null"]}""", FieldKind.Number, false, "")]
    [InlineData("""{"type":"string","maxLength":9}""", FieldKind.Text, false, "")]
    [InlineData("""{"type":"array","items":{"enum":["a","b"]}}""", FieldKind.Label, true, "a,b")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", FieldKind.Text, true, "")]
    [InlineData("""{"type":"object","properties":{"x":{"type":"string"}}}""", FieldKind.Other, false, "")]
    [InlineData("""{"anyOf":[{"enum":["a","b"]},{"enum":["c"]},{"type":"null"}]}""", FieldKind.Label, false, "a,b,c")]
    [InlineData("""{"anyOf":[{"enum":["a"]},{"type":"string"}]}""", FieldKind.Other, false, "")]
    [InlineData("""{"$ref":"#/$defs/mood"}""", FieldKind.Label, false, "Up,Down")]
    [InlineData("""{"type":"array","items":{"$ref":"#/$defs/mood"}}""", FieldKind.Label, true, "Up,Down")]
    public void A_property_is_what_its_schema_says(string property, FieldKind kind, bool array, string labels)
    {
        var schema = Schemas.Parse($$"""{"type":"object","properties":{"v":{{property}} },"$defs":{"mood":{"enum":["Up","Down"]} } }""");

        var field = Assert.Single(AnswerField.Of(schema));

        Assert.Equal((kind, array, labels), (field.Kind, field.IsArray, string.Join(',', field.Labels)));
    }

    [Theory]
    [InlineData(FieldKind.Label, false, "Very Low", "\"Very Low\"", 2)]
    [InlineData(FieldKind.Label, false, "very-low", "\"Very Low\"", 1)]
    [InlineData(FieldKind.Label, false, "Low", "\"Very Low\"", 0)]
    [InlineData(FieldKind.Label, false, "very_low", "\"Very Low\"", 1)]
    [InlineData(FieldKind.Label, false, "12", "\"1-2\"", 0)]
    [InlineData(FieldKind.Label, false, "Level 1", "\"Level -1\"", 0)]
    [InlineData(FieldKind.Label, false, "A", "\"A-\"", 0)]
    [InlineData(FieldKind.Label, false, "-", "\"_\"", 0)]
    [InlineData(FieldKind.Label, true, "12;B", """["1-2","b"]""", 0)]
    [InlineData(FieldKind.Number, false, "3.50", "3.5", 2)]
    [InlineData(FieldKind.Number, false, "1e2", "100", 2)]
    [InlineData(FieldKind.Number, false, "3", "4", 0)]
    [InlineData(FieldKind.Boolean, false, "Yes", "true", 2)]
    [InlineData(FieldKind.Boolean, false, "0", "false", 2)]
    [InlineData(FieldKind.Boolean, false, "maybe", "false", 0)]
    [InlineData(FieldKind.Label, true, "b; a;", """["a","b"]""", 2)]
    [InlineData(FieldKind.Label, true, "A;b", """["a","b"]""", 1)]
    [InlineData(FieldKind.Label, true, "a", """["a","b"]""", 0)]
    public void A_gold_cell_is_compared_as_its_field_is(FieldKind kind, bool array, string cell, string answer, int match)
    {
        var field = new AnswerField("v", kind, array, []);
        using var document = JsonDocument.Parse(answer);

        var gold = FieldValues.Read(field, Encoding.UTF8.GetBytes(cell), CellFormat.Text);

        Assert.Equal((Match)match, FieldValues.Compare(gold!, FieldValues.Read(field, document.RootElement)!));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\" \"")]
    public void An_empty_cell_is_no_gold(string json)
    {
        var field = new AnswerField("v", FieldKind.Text, false, []);

        Assert.Null(FieldValues.Read(field, Encoding.UTF8.GetBytes(json), CellFormat.Json));
        Assert.Null(FieldValues.Read(field, "  "u8, CellFormat.Text));
    }

    [Fact]
    public void Gold_of_a_json_source_may_be_an_array()
    {
        var field = new AnswerField("v", FieldKind.Label, true, ["a", "b"]);

        Assert.Equal(["a", "b"], FieldValues.Read(field, """["a","b"]"""u8, CellFormat.Json)!.Items!);
        Assert.Equal(["a", "b"], FieldValues.Read(field, "\"a;b\""u8, CellFormat.Json)!.Items!);
        Assert.Empty(FieldValues.Read(field, "[]"u8, CellFormat.Json)!.Items!);
    }
}
