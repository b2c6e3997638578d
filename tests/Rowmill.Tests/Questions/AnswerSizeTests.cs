namespace Rowmill.Tests.Questions;

public sealed class AnswerSizeTests
{
    private static int Of(string property) => Schemas.Of(property).EstimatedBytes - Schemas.Of("""{"const":0}""").EstimatedBytes + 1;

    [Theory]
    [InlineData("""{"enum":["A","Medium","é"]}""", 8)]
    [InlineData("""{"type":"string","maxLength":600}""", 722)]
    [InlineData("""{"type":"string"}""", 242)]
    [InlineData("""{"type":"string","minLength":1000}""", 1002)]
    [InlineData("""{"type":["string","null"],"maxLength":10}""", 14)]
    [InlineData("""{"type":"number"}""", 8)]
    [InlineData("""{"type":"integer"}""", 8)]
    [InlineData("""{"type":"boolean"}""", 5)]
    [InlineData("""{"type":"array","maxItems":3,"items":{"enum":["ABCDEF"]}}""", 29)]
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", 47)]
    [InlineData("""{"type":"array","minItems":10,"items":{"type":"integer"}}""", 92)]
    [InlineData("""{"type":"object","properties":{"ab":{"type":"integer"},"c":{"type":"boolean"}}}""", 26)]
    [InlineData("""{"anyOf":[{"type":"null"},{"type":"boolean"}]}""", 5)]
    [InlineData("""{}""", 240)]
    public void A_value_is_estimated_by_its_keywords(string property, int bytes) => Assert.Equal(bytes, Of(property));

    [Fact]
    public void Names_and_punctuation_count() =>
        Assert.Equal("""{"energy":12345678,"é":12345678,}"""u8.Length, Schemas.Parse(
            """{"properties":{"energy":{"type":"integer"},"é":{"type":"integer"}}}""").EstimatedBytes);

    [Fact]
    public void Recursion_is_bounded()
    {
        var schema = Schemas.Parse(
            """
            {"properties":{"v":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"object","properties":{
              "a":{"$ref":"#/$defs/A"},"b":{"$ref":"#/$defs/A"},"c":{"type":"array","items":{"$ref":"#/$defs/A"}}}}}}
            """);
        Assert.InRange(schema.EstimatedBytes, 100, 100_000);
    }

    [Fact]
    public void An_estimate_never_overflows() => Assert.Equal(
        int.MaxValue,
        Schemas.Of("""{"type":"array","maxItems":2000000000,"items":{"type":"string","maxLength":2000000000}}""").EstimatedBytes);
}
