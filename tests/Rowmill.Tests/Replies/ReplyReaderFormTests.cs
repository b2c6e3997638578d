using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Replies;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Replies;

/// <summary>The forms in which replies come, and what is made of those that are broken.</summary>
public sealed class ReplyReaderFormTests
{
    private const string One = """{"id":1,"energy":"Low"}""";
    private const string Two = """{"id":2,"energy":"High"}""";
    private const string Both = $$"""{"rows":[{{One}},{{Two}}]}""";

    private static readonly ReplyReader s_reader = new(Schemas.Energy, abstain: false);

    // Nested parts that look like answers, with ids of their own.
    private static readonly ReplyReader s_nested = new(
        Schemas.Parse("""
            {"type":"object","required":["tag"],"properties":{"tag":{"type":"string"},
             "parts":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"tag":{"type":"string"}}}}}}
            """),
        abstain: false);

    [Theory]
    [InlineData(Both)]
    [InlineData("\uFEFF " + Both + "\n")]
    [InlineData("```json\n" + Both + "\n```")]
    [InlineData("```\n" + Both + "\n```\nThat's {all} [folks].")]
    [InlineData("Using {braces}, [brackets] and \"quotes\" [1]:\n" + Both + "\nDone: }] {x")]
    [InlineData("The form is {\"rows\": [...]}. So:\n" + Both)]
    [InlineData("The key {\"rows\": comes first. " + Both)]
    [InlineData("<think>Row 1 may be {\"rows\":[{\"id\":1,\"energy\":\"High\"}]}</think>\n" + Both)]
    [InlineData("maybe {\"id\":1,\"energy\":\"High\"}\n</think>\n" + Both)]
    [InlineData("[THINK]{\"id\":1,\"energy\":\"High\"}[/THINK]" + Both)]
    [InlineData(Both + "\n<thinking>or {\"id\":1,\"energy\":\"High\"}?</thinking>")]
    [InlineData("[" + One + "," + Two + "]")]
    [InlineData("Here: [" + One + "," + Two + "] I hope :]")]
    [InlineData(One + "\n" + Two)]
    [InlineData("1. " + One + "\n2. " + Two)]
    [InlineData("- " + One + ",\n- " + Two + ",\n")]
    [InlineData("{\"rows\":[" + One + "]}\n{\"rows\":[" + Two + "]}")]
    [InlineData("{\"rows\":[" + One + "]},\n{\"rows\":[" + Two + "]}")]
    [InlineData("{\"answers\":[" + One + "," + Two + "],\"model\":\"x\",\"sources\":[1]}")]
    [InlineData("{\"data\":{\"rows\":[" + One + "," + Two + "]}}")]
    [InlineData("""{"1":{"energy":"Low"},"2":{"energy":"High"}}""")]
    [InlineData("""{"rows":{"1":{"energy":"Low"},"2":{"id":2,"energy":"High"}}}""")]
    [InlineData("""{"rows":[{"id":" 1 ","energy":"Low"},{"id":"#2","energy":"High"}]}""")]
    [InlineData("""{"rows":[{"id":1.0,"energy":"Low"},{"i\u0064":"02","energy":"High"}]}""")]
    [InlineData("""{"id":"resp-1","rows":[{"id":1,"energy":"Low"},{"id":2,"energy":"High"}]}""")]
    [InlineData("{\"rows\":[" + One + "],\"rows\":[" + Two + "]}")]
    [InlineData(Both + "}")]
    [InlineData("{\"rows\":[" + One + Two + "]")]
    [InlineData("\"rows\":[" + One + "," + Two + "]")]
    public void The_answers_are_found(string reply)
    {
        var reading = Read(reply, 2);
        Assert.Equal(["""{"energy":"Low"}""", """{"energy":"High"}"""], reading.Rows.Select(Json));
    }

    [Theory]
    [InlineData("{\"rows\":[" + One + ",{\"id\":2,\"ener")]
    [InlineData("{\"rows\":[" + One + ",{\"id\":2,\"note\":\"a } b")]
    [InlineData("{\"rows\":[" + One)]
    [InlineData("[" + One + ",{\"id\":2,\"energy\":\"Hi")]
    [InlineData("```json\n[" + One + ",{\"id\":2,")]
    [InlineData("Sure:\n```json\n{\"rows\":[" + One + ",{\"id\":2")]
    [InlineData("""{"1":{"energy":"Low"},"2":{"energy":"High","no""")]
    [InlineData("""{"rows":{"1":{"energy":"Low"},"2":{"energy":"High" """)]
    [InlineData("{\"answers\":[" + One + ",{\"id\":2,\"energy\":\"High\"")]
    [InlineData(One + "\n{\"id\":2,\"energy\":\"High\",\"note\":\"x")]
    public void A_reply_that_breaks_off_keeps_its_whole_answers_in_every_form(string reply)
    {
        var reading = Read(reply, 2);
        Assert.Equal("""{"energy":"Low"}""", Json(reading.Rows[0]));
        Assert.Equal(RowReadingKind.Missing, reading.Rows[1].Kind);
        Assert.Equal("the reply breaks off or is broken JSON", reading.Problem);
    }

    [Theory]
    [InlineData("""{"id":3,"energy":High}""")]
    [InlineData("""{"id":3,"energy":"High","note":"she said "hi" twice"}""")]
    [InlineData("{\"id\":3,\"energy\":\"High\",\"note\":\"two\nlines\"}")]
    [InlineData("""{"id":3,"energy":'High'}""")]
    [InlineData("""{"id":3,"energy":"High" "note":"x"}""")]
    public void A_broken_answer_costs_none_of_its_neighbours(string broken)
    {
        foreach (var reply in new[] { $$"""{"rows":[{{One}},{{broken}},{{Two}}]}""", $"[{One},{broken},{Two}]", $"{One}\n{broken}\n{Two}" })
        {
            var reading = Read(reply, 3);
            Assert.Equal([RowReadingKind.Answered, RowReadingKind.Answered, RowReadingKind.Missing], reading.Rows.Select(r => r.Kind));
            Assert.NotNull(reading.Problem);
        }
    }

    [Fact]
    public void A_draft_and_a_final_reply_that_differ_are_both_refused_where_they_differ()
    {
        var reading = Read($"Draft:\n{Both}\nBetter:\n" + """{"rows":[{"id":1,"energy":"Low"},{"id":2,"energy":"Medium"}]}""", 2);
        Assert.Equal([RowReadingKind.Answered, RowReadingKind.Invalid], reading.Rows.Select(r => r.Kind));
        Assert.Equal(2, reading.Counts.Duplicates);
        Assert.Contains("id 2 twice", reading.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Thinking_that_does_not_end_holds_no_answer()
    {
        var reading = Read("<think>\nI would say " + Both, 2);
        Assert.All(reading.Rows, r => Assert.Equal(RowReadingKind.Missing, r.Kind));
        Assert.Equal("the reply ends within its thinking", reading.Problem);
    }

    [Fact]
    public void A_tag_within_an_answer_is_no_thinking()
    {
        var reading = Read("So: {\"rows\":[{\"id\":1,\"energy\":\"Low\",\"note\":\"</think>\"}]}", 1);
        Assert.Equal(1, reading.Good);
    }

    [Fact]
    public void Ids_are_counted_and_told()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Low"},{"id":1,"energy":"Low"},{"id":7,"energy":"Low"},{"energy":"Low"},{"id":"one"},5]}""", 2);
        Assert.Equal(new ReplyCounts(0, 0, 0, 1, 1, 3), reading.Counts);
        Assert.Equal(1, reading.Good);
        Assert.Equal("the reply answers id 7, which was not asked", reading.Problem);
    }

    [Fact]
    public void An_equal_answer_again_is_harmless_and_counted()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"low"},{"id":1,"energy":"Low"}]}""", 1);
        Assert.Equal(new ReplyCounts(1, 0, 0, 1, 0, 0), reading.Counts);
        Assert.Null(reading.Problem);
    }

    [Theory]
    [InlineData("""{"1":{"id":2,"energy":"Low"},"2":{"energy":"High"}}""")]
    [InlineData("""{"rows":{"1":{"id":2,"energy":"Low"},"2":{"id":2,"energy":"High"}}}""")]
    [InlineData("""{"rows":[{"id":1,"id":2,"energy":"Low"},{"id":2,"energy":"High"}]}""")]
    [InlineData("""{"rows":[{"id":2,"energy":"High"},{"id":1,"energy":"Low","id":2}]}""")]
    public void An_entry_with_two_ids_answers_neither_row(string reply)
    {
        var reading = Read(reply, 2);
        Assert.Equal(0, reading.Good);
        Assert.Equal(1, reading.Counts.WithoutId);
        Assert.NotNull(reading.Problem);
    }

    [Theory]
    [InlineData("""{"energy":"Low"}""", 1)]
    [InlineData("{\"energy\":\"Low\"}\n{\"energy\":\"High\"}", 2)]
    [InlineData("1. {\"energy\":\"Low\"}\n2. {\"energy\":\"High\"}", 2)]
    [InlineData("""{"rows":{"first":{"energy":"Low"}}}""", 1)]
    public void Without_an_id_nothing_is_answered_whatever_the_form(string reply, int withoutId)
    {
        var reading = Read(reply, 2);
        Assert.All(reading.Rows, r => Assert.Equal(RowReadingKind.Missing, r.Kind));
        Assert.Equal(withoutId, reading.Counts.WithoutId);
        Assert.NotNull(reading.Problem);
    }

    [Theory]
    [InlineData("""{"a":[{"id":1,"energy":"Low"}],"b":[{"id":1,"energy":"High"}]}""")]
    [InlineData("""{"energy":"Low","list":[{"id":1,"energy":"High"}]}""")]
    public void A_wrapper_of_another_name_must_be_the_only_one(string reply) => Assert.Equal(0, Read(reply, 1).Good);

    [Theory]
    // The array of parts, without the entry around it.
    [InlineData("""ts":[{"id":2,"tag":"part"}]},{"id":3,"tag":"c"}]}""")]
    [InlineData("""[{"id":2,"tag":"part"}]},{"id":3,"tag":"c"}]}""")]
    [InlineData("""{"id":2,"tag":"part"}]},{"id":3,"tag":"c"}]}""")]
    // Brackets lost or torn within an entry.
    [InlineData("""{"rows":[{"id":1,"tag":"a","part":1},{"id":2,"tag":"part"}]},{"id":3,"tag":"c"}]}""")]
    [InlineData("""{"rows":["id":1,"parts":[{"id":2,"tag":"part"}]},{"id":3,"tag":"c"}]}""")]
    [InlineData("""{"rows":[{"id":1,"tag":x,"parts":[{"id":2,"tag":"part"}],{"id":3,"tag":"c"}]}""")]
    [InlineData("""{"rows":[{"id":1,tag":"a","parts":[{"id":4,"tag":"b"},{"id":2,"tag":"part"}]},{"id":3,"tag":"c"}]}""")]
    // Two quotes lost: what stands between them only seems to be in step.
    [InlineData("""{"rows":[{"id":1,tag":"a","n":"3"},{"id":3,"tag":"c","parts":[{"id":6,tag":"b"},{"id":2,"tag":"part"},{"id":5""")]
    [InlineData("""{"tag":"a","parts":[{"id":2,"tag":"part"}]}""")]
    public void A_part_of_an_answer_is_never_taken_for_an_answer(string reply) =>
        Assert.NotEqual(RowReadingKind.Answered, s_nested.Read(Utf8(reply), 3).Rows[1].Kind);

    [Theory]
    // An entry with "rows" of its own breaks off: with an id or something of an answer it is no wrapper, wherever they stand.
    [InlineData("""{"id":1,"energy":"Low"},{"id":3,"rows":[{"id":2,"energy":"Low"}],"abstain":"no idea \""")]
    [InlineData("""{"rows":[{"id":1,"energy":"Low"},{{"a":"id":4},{"id":3,"rows":[{"id":2,"energy":"Low"}],"abstain":"no idea \""")]
    [InlineData("""{"id":3,"rows":[{"id":2,"energy":"Low"}],"abst""")]
    [InlineData("""{"id":"3","rows":{"2":{"energy":"Low"}},""")]
    [InlineData("""{"\u0069d":3,"rows":[{"id":2,"energy":"Low"}],"x":""")]
    // Its id comes behind: among other single answers, or joined to what is broken, it may be an entry as well.
    [InlineData("""{"id":1,"energy":"Low"}§{"rows":[{"id":2,"energy":"Low"}""")]
    [InlineData("""{"id":1,"energy":"Low"}§{"rows":[{"id":2,"energy":"Low"}],"abstain":"no""")]
    [InlineData("""{"rows":[{"energy":x:1,"id":1},{"rows":[{"id":2,"energy":"Low"}],"abs""")]
    [InlineData("""{"rows":[{"energy":x:1,"id":1},{"rows":{"2":{"energy":"Low"}},""")]
    // "rows" without a beginning, but with more of an answer before or behind it.
    [InlineData("""{"rows:[{"id":3,"rows":[{"id":2,"energy":"Low"}],"energy":"Low"}]}""")]
    [InlineData("""{"rows:[{"rows":{"id":2,"energy":"Low"},"id":3,"energy":"Low"}]}""")]
    // Under keys that are none.
    [InlineData("""{"row":{"energy":"Low","rows":{"2":{"energy":"Low"}}}}""")]
    public void What_a_torn_entry_holds_answers_no_row(string reply)
    {
        var reader = new ReplyReader(Schemas.Energy, abstain: true);
        Assert.Equal(RowReadingKind.Missing, reader.Read(Utf8(reply.Replace('§', '\n')), 3).Rows[1].Kind);
    }

    [Theory]
    [InlineData("{\"id\":\"resp-1\",\"rows\":[" + Two + ",{\"id\":3,")]
    [InlineData("{\"energy\":\"of all\",\"rows\":[" + Two + ",{\"id\":3,")]
    [InlineData("{\"rows\":[{\"id\":1,x:1}},\n" + One + "]\nAgain:\n{\"rows\":[" + Two + ",{\"id\":3,")]
    [InlineData("Row 1 is " + One + ". So:\n{\"rows\":[" + Two + ",{\"id\":3,")]
    public void A_wrapper_that_breaks_off_keeps_its_answers(string reply) => Assert.Equal(RowReadingKind.Answered, Read(reply, 3).Rows[1].Kind);

    [Fact]
    public void A_broken_wrapper_behind_single_answers_can_contradict_them()
    {
        var reading = Read(One + "\n" + Two + "\n{\"rows\":[{\"id\":1,\"energy\":\"High\"}," + Two + ",{\"id\":3", 3);
        Assert.Equal([RowReadingKind.Invalid, RowReadingKind.Answered, RowReadingKind.Missing], reading.Rows.Select(r => r.Kind));
    }

    [Fact]
    public void Properties_named_like_ids_make_no_object_keyed_by_id()
    {
        var reader = new ReplyReader(Schemas.Parse("""{"properties":{"1":{"type":"object"},"2":{"type":"object"}}}"""), abstain: false);
        Assert.Equal(0, reader.Read(Utf8("""{"1":{"1":{}},"2":{}}"""), 2).Good);
        Assert.Equal(1, reader.Read(Utf8("""{"id":1,"1":{},"2":{}}"""), 2).Good);
    }

    [Fact]
    public void What_was_put_right_is_counted_for_the_answers_that_are_kept()
    {
        var reader = new ReplyReader(Schemas.Energy, abstain: true);
        var reading = reader.Read(Utf8(
            """{"rows":[{"id":1,"energy":["low"],"mood":"x"},{"id":2,"energy":"high"},{"id":2,"energy":"Low"},{"id":3,"energy":"Low","abstain":null}]}"""), 3);
        Assert.Equal(new ReplyCounts(1, 1, 1, 1, 0, 0), reading.Counts);
        Assert.Equal([RowReadingKind.Answered, RowReadingKind.Invalid, RowReadingKind.Answered], reading.Rows.Select(r => r.Kind));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("{\"a\":")]
    [InlineData("{\"rows\":[{\"id\":1,")]
    [InlineData("[{\"a\":x ")]
    [InlineData("{\"\\\"")]
    [InlineData("{\"rows\":[x]}")]
    [InlineData("\n<think>")]
    [InlineData("\0")]
    [InlineData("{} ")]
    public void Megabytes_of_brackets_are_read_in_one_go(string piece)
    {
        // A quadratic reader would need hours for this.
        var reading = Read(string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length)), 2);
        Assert.Equal(0, reading.Good);
    }

    [Fact]
    public void Depth_beyond_reason_costs_one_answer()
    {
        var deep = new string('[', 10_000) + new string(']', 10_000);
        var reading = Read($$"""{"rows":[{{One}},{"id":3,"energy":"Low","x":{{deep}}},{{Two}}]}""", 3);
        Assert.Equal([RowReadingKind.Answered, RowReadingKind.Answered, RowReadingKind.Missing], reading.Rows.Select(r => r.Kind));
    }

    [Theory]
    [InlineData("""{"rows":[{"id":"\ud800","energy":"Low"},{"\ud800":1,"id":1,"energy":"Low"},{"id":2,"energy":"\ud800"}]}""")]
    [InlineData("""{"\ud800":{"energy":"Low"},"1":{"energy":"Low"}}""")]
    [InlineData("""{"rows":[{"id":1,"energy":"Low"},{"id":2,"energy":"Low","note":"§"}]}""")]
    [InlineData("""{"rows":[{"id":1,"energy":"Low"},{"id":2,"§":"Low","energy":"High"}]}""")]
    public void Text_that_is_no_text_costs_no_other_answer(string reply)
    {
        var bytes = Encoding.Latin1.GetBytes(reply);
        var reading = s_reader.Read(bytes, 2);
        Assert.Equal("""{"energy":"Low"}""", Json(reading.Rows[0]));
        Assert.NotEqual(RowReadingKind.Answered, reading.Rows[1].Kind);
    }

    private static ReplyReading Read(string text, int rows) => s_reader.Read(Utf8(text), rows);

    private static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Json(RowReading row) => Encoding.UTF8.GetString(row.Json.Span);
}
