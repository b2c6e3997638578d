using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Runtime.Serialization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rowmill.Core;
using Rowmill.Typed;

namespace Rowmill.Tests.Package;

public sealed class AnswerTypeTests
{
    [Fact]
    public void A_record_becomes_the_schema_its_author_meant() => AssertSchema<Mood>(
        """
        {"type":"object","description":"An answer.","required":["energy","tags","stars"],"properties":{
        "energy":{"type":"string","enum":["Very Low","Low","Medium","High","Very High"],
        "description":"From still to VeryHigh.\nHow energetic a song is.\nVery Low: It hardly moves.\nMedium: Neither still nor driving."},
        "tags":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":3,"description":"What it sounds like."},
        "stars":{"type":"integer","minimum":1,"maximum":5,"description":"How good it is."},
        "note":{"type":"string","maxLength":200,"description":"Anything else."}},
        "additionalProperties":false}
        """);

    [Fact]
    public void Every_kind_of_member_has_its_place() => AssertSchema<Everything>(
        """
        {"type":"object","required":["price","share","known","by_name","part","parts","must_say","grade"],"properties":{
        "price":{"type":"number","exclusiveMinimum":0,"maximum":1000000},
        "share":{"type":"number"},
        "known":{"type":"boolean"},
        "by_name":{"type":"object","additionalProperties":{"type":"integer","minimum":0,"maximum":255}},
        "part":{"type":"object","required":["code"],"properties":{"code":{"type":"string","pattern":"^(?:[A-Z]{2}|X)$"},"size":{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}},"additionalProperties":false},
        "parts":{"type":"array","items":{"anyOf":[{"type":"object","required":["code"],"properties":{"code":{"type":"string","pattern":"^(?:[A-Z]{2}|X)$"},"size":{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}},"additionalProperties":false},{"type":"null"}]},"uniqueItems":true},
        "must_say":{"type":["string","null"]},
        "grade":{"type":"string","enum":["A+","b"]},
        "tree":{"$ref":"#/$defs/tree"}},
        "additionalProperties":false,
        "$defs":{"tree":{"type":"object","required":["name","below"],"properties":{"name":{"type":"string"},"below":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"additionalProperties":false}}}
        """);

    [Fact]
    public void What_no_answer_can_be_held_to_is_told_all_at_once()
    {
        var wrong = Assert.Throws<ProblemException>(() => AnswerType.Schema(typeof(Unfit)));

        Assert.Equal(
            [
                "Unfit.day is of the type DateOnly, which no answer can be held to.",
                "Unfit.anything is of the type Object, which no answer can be held to.",
                "Unfit.flags is the enum Flags of flags.",
            ],
            wrong.Problems.Select(p => p.Message));
        Assert.Throws<ProblemException>(() => AnswerType.Schema(typeof(List<string>)));
        Assert.Contains(Assert.Throws<ProblemException>(() => AnswerType.Schema(typeof(HasId))).Problems, p => p.Key == "HasId.properties.id");
        Assert.Throws<ProblemException>(() => AnswerType.Schema(typeof(Tree)));
    }

    [Theory]
    [InlineData("""{"energy":"Very High","tags":["a"],"stars":3}""", 3, null)]
    [InlineData("""{"energy":"Very High","tags":["a"],"stars":3.0,"note":"n"}""", 3, "n")]
    [InlineData("""{"energy":"Very High","tags":["a"],"stars":50e-1}""", 5, null)]
    [InlineData("""{"energy":"very-high","tags":["a"],"stars":"4","note":null}""", 4, null)]
    public void Whatever_is_valid_can_be_read(string answer, int stars, string? note)
    {
        var check = AnswerType.Schema(typeof(Mood)).Mend(JsonElement.Parse(answer));

        Assert.Null(check.Error);
        var mood = JsonSerializer.Deserialize<Mood>(check.Json.Span, TypedJson.Options)!;
        Assert.Equal((Energy.VeryHigh, stars, note), (mood.Energy, mood.Stars, mood.Note));
    }

    [Theory]
    [InlineData("""{"energy":"Very High","tags":["a"],"stars":6}""")]
    [InlineData("""{"energy":"VeryHigh!","tags":["a"],"stars":1}""")]
    [InlineData("""{"energy":4,"tags":["a"],"stars":1}""")]
    [InlineData("""{"energy":"Low","tags":[null],"stars":1}""")]
    [InlineData("""{"energy":"Low","tags":["a"]}""")]
    public void What_cannot_be_read_is_not_valid(string answer) =>
        Assert.NotNull(AnswerType.Schema(typeof(Mood)).Mend(JsonElement.Parse(answer)).Error);

    private static void AssertSchema<T>(string expected) =>
        Assert.Equal(expected.ReplaceLineEndings(""), Encoding.UTF8.GetString(AnswerType.Schema(typeof(T)).Json.Span));

    private enum Grade
    {
        [EnumMember(Value = "A+")]
        Best,

        [JsonPropertyName("b")]
        Good,
    }

    [Flags]
    private enum Flags
    {
        One = 1,
        Two = 2,
    }

    private sealed class Everything
    {
        [Range(0.0, 1e6, MinimumIsExclusive = true)]
        public double Price { get; set; }

        public float Share { get; set; }

        [JsonPropertyName("known")]
        public bool IsKnown { get; set; }

        public Dictionary<string, byte> ByName { get; set; } = [];

        public required Part Part { get; init; }

        public required HashSet<Part?> Parts { get; init; }

        public required string? MustSay { get; init; }

        public Grade Grade { get; set; }

        public Tree? Tree { get; set; }

        [JsonIgnore]
        public string Hidden { get; set; } = "";

        public string Computed => Hidden;
    }

    private sealed record Part([RegularExpression("[A-Z]{2}|X")] string Code, long? Size);

    private sealed record Tree(string Name, IReadOnlyList<Tree> Below);

    private sealed record Unfit(DateOnly Day, object Anything, Flags Flags);

    private sealed record HasId([Description("taken")] int Id, string Name);
}
