using Rowmill.Core.Questions;

namespace Rowmill.Tests.Questions;

public sealed class ReplySchemaTests
{
    private const string Answer =
        """{"title":"T","description":"D","properties":{"a":{"$ref":"#/$defs/A"},"b":{"type":"string"}},"required":["a"],"$defs":{"A":{"enum":["x","ü"]}}}""";

    private const string Item =
        """{"type":"object","title":"T","description":"D","properties":{"id":{"type":"integer"},"a":{"$ref":"#/$defs/A"},"b":{"type":"string"}},"required":["id","a"],"additionalProperties":false}""";

    private const string Abstention =
        """{"type":"object","properties":{"id":{"type":"integer"},"abstain":{"type":"string"}},"required":["id","abstain"],"additionalProperties":false}""";

    [Fact]
    public void The_wrapper_asks_for_rows_with_ids_and_hoists_the_definitions() => Assert.Equal(
        """{"type":"object","properties":{"rows":{"type":"array","items":""" + Item + """}},"required":["rows"],"additionalProperties":false,"$defs":{"A":{"enum":["x","ü"]}}}""",
        Schemas.Text(ReplySchema.Build(Schemas.Parse(Answer), abstain: false)));

    [Fact]
    public void With_abstain_each_row_may_say_why_instead() => Assert.Equal(
        """{"type":"object","properties":{"rows":{"type":"array","items":{"anyOf":[""" + Item + "," + Abstention + """]}}},"required":["rows"],"additionalProperties":false,"$defs":{"A":{"enum":["x","ü"]}}}""",
        Schemas.Text(ReplySchema.Build(Schemas.Parse(Answer), abstain: true)));

    [Theory]
    [InlineData("", "false")]
    [InlineData(""","additionalProperties":true""", "false")]
    [InlineData(""","additionalProperties":false""", "false")]
    [InlineData(""","additionalProperties":{"type":"integer"}""", """{"type":"integer"}""")]
    public void Rows_are_closed_unless_the_schema_has_a_rule_for_more(string additional, string expected)
    {
        var built = ReplySchema.Build(Schemas.Parse($$"""{"type":"object","properties":{"a":{} }{{additional}}}"""), abstain: false);
        var item = Schemas.Element(Schemas.Text(built)).GetProperty("properties").GetProperty("rows").GetProperty("items");
        Assert.Equal(expected, item.GetProperty("additionalProperties").GetRawText());
        Assert.Equal("""["id"]""", item.GetProperty("required").GetRawText());
    }

    [Fact]
    public void A_property_named_abstain_is_told()
    {
        Assert.True(Schemas.Parse("""{"properties":{"abstain":{}}}""").ClashesWithAbstain);
        Assert.False(Schemas.Parse("""{"properties":{"abstains":{}}}""").ClashesWithAbstain);
    }
}
