using System.Text;
using Rowmill.Core.Replies;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Replies;

public sealed class ReplyReaderTests
{
    private static readonly ReplyReader s_reader = new(Schemas.Energy, abstain: false);
    private static readonly ReplyReader s_abstaining = new(Schemas.Energy, abstain: true);

    [Fact]
    public void Answers_belong_to_the_rows_whose_ids_they_carry_in_any_order()
    {
        var reading = Read("""{"rows":[{"id":3,"energy":"High"},{"id":1,"energy":"Low"},{"id":2,"energy":"Medium"}]}""", 3);

        Assert.Equal(["""{"energy":"Low"}""", """{"energy":"Medium"}""", """{"energy":"High"}"""], reading.Rows.Select(Json));
        Assert.Equal(3, reading.Good);
        Assert.Null(reading.Problem);
    }

    [Fact]
    public void A_row_that_is_not_answered_is_missing_and_its_neighbours_are_kept()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Low"},{"id":3,"energy":"High"}]}""", 3);

        Assert.Equal([RowReadingKind.Answered, RowReadingKind.Missing, RowReadingKind.Answered], reading.Rows.Select(r => r.Kind));
    }

    [Theory]
    [InlineData("""{"rows":[{"energy":"Low"},{"energy":"High"}]}""")]
    [InlineData("""{"rows":[{"id":null,"energy":"Low"},{"id":1.5,"energy":"High"}]}""")]
    [InlineData("""{"rows":[{"id":0,"energy":"Low"},{"id":3,"energy":"High"},{"id":-1,"energy":"Low"}]}""")]
    [InlineData("""[{"energy":"Low"},{"energy":"High"}]""")]
    [InlineData("""{"rows":["Low","High"]}""")]
    public void Without_an_id_of_the_pack_nothing_is_guessed_by_position(string reply)
    {
        var reading = Read(reply, 2);

        Assert.All(reading.Rows, r => Assert.Equal(RowReadingKind.Missing, r.Kind));
        Assert.NotNull(reading.Problem);
    }

    [Theory]
    [InlineData("""{"rows":[{"id":0,"energy":"Low"},{"id":1,"energy":"High"},{"id":2,"energy":"Low"},{"id":3,"energy":"High"}]}""")]
    [InlineData("""{"rows":[{"id":5,"energy":"Low"},{"id":3,"energy":"High"},{"id":2,"energy":"Low"},{"id":4,"energy":"High"}]}""")]
    [InlineData("""[{"id":"3","energy":"Low"},{"id":"4","energy":"High"},{"id":"5","energy":"Low"},{"id":"6","energy":"High"}]""")]
    [InlineData("""{"0":{"energy":"Low"},"1":{"energy":"High"},"2":{"energy":"Low"},"3":{"energy":"High"}}""")]
    [InlineData("""{"rows":[{"id":0,"energy":"Low"},{"id":1,"energy":"High"},{"id":2,"ener""")]
    [InlineData("""{"rows":[{"id":1,"energy":"Low"},{"id":-0,"energy":"High"},{"id""")]
    [InlineData("""{"rows":[{"id":1,"energy":"Low"},{"id":-1,"energy":"High"},{"id":2,""")]
    [InlineData("""{"rows":[{"id":0},{"id":1,"energy":"High"},{"id":2,"energy":"Low"},{"id":3,"energy":"High"}]}""")]
    [InlineData("""{"rows":[{"energy":"Low"},{"id":3,"energy":"High"},{"id":4,"energy":"Low"},{"id":5}]}""")]
    public void Of_ids_that_are_all_moved_by_as_much_none_is_believed(string reply)
    {
        var reading = Read(reply, 4);

        Assert.Equal(0, reading.Good);
        Assert.All(reading.Rows, r => Assert.Contains(r.Kind, (RowReadingKind[])[RowReadingKind.Missing, RowReadingKind.Invalid]));
        Assert.Contains(reading.Rows, r => r.Error is { } error && error.Contains("shifted", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"rows":[{"id":1,"energy":"Low"},{"id":2,"energy":"High"},{"id":3,"energy":"Low"},{"id":5,"energy":"High"}]}""")]
    [InlineData("""{"rows":[{"id":14,"energy":"Low"},{"id":1,"energy":"High"},{"id":2,"energy":"Low"},{"id":3,"energy":"High"}]}""")]
    public void One_id_that_was_not_asked_costs_no_other_row_its_answer(string reply)
    {
        var reading = Read(reply, 4);

        Assert.Equal(3, reading.Good);
        Assert.Equal(1, reading.Counts.Foreign);
    }

    [Theory]
    [InlineData("""{"rows":[{"id":0,"energy":"Low"},{"id":4,"energy":"High"},{"id":1,"energy":"Low"},{"id":2,"ener""", 2)]
    [InlineData("""{"rows":[{"id":-2,"energy":"Low"},{"id":2,"energy":"High"},{"id":3,"energy":"Low"},{"id""", 2)]
    public void In_a_reply_that_breaks_off_ids_further_apart_than_the_pack_has_rows_are_not_shifted(string reply, int good)
    {
        var reading = Read(reply, 4);

        Assert.Equal((good, 1), (reading.Good, reading.Counts.Foreign));
    }

    [Fact]
    public void Two_answers_that_contradict_each_other_are_both_refused()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Low"},{"id":1,"energy":"High"},{"id":2,"energy":"Low"}]}""", 2);

        Assert.Equal(RowReadingKind.Invalid, reading.Rows[0].Kind);
        Assert.Equal(RowReadingKind.Answered, reading.Rows[1].Kind);
    }

    [Fact]
    public void A_contradiction_stays_refused_when_one_side_is_said_again()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Low"},{"id":1,"energy":"High"},{"id":1,"energy":"Low"}]}""", 1);

        Assert.Equal(RowReadingKind.Invalid, reading.Rows[0].Kind);
    }

    [Fact]
    public void The_same_answer_twice_is_one_answer()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Low"},{"id":1,"energy":"Low"}]}""", 1);

        Assert.Equal(RowReadingKind.Answered, reading.Rows[0].Kind);
    }

    [Fact]
    public void A_wrong_label_is_invalid_and_says_so()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Higher"}]}""", 1);

        Assert.Equal(RowReadingKind.Invalid, reading.Rows[0].Kind);
        Assert.Contains("Higher", reading.Rows[0].Error, StringComparison.Ordinal);
        Assert.Equal(0, reading.Good);
    }

    [Theory]
    [InlineData("```json\n{\"rows\":[{\"id\":1,\"energy\":\"Low\"}]}\n```")]
    [InlineData("Here you are:\n{\"rows\":[{\"id\":1,\"energy\":\"Low\"}]}\nAnything else?")]
    [InlineData("[{\"id\":1,\"energy\":\"Low\"}]")]
    [InlineData("{\"id\":1,\"energy\":\"Low\"}")]
    [InlineData("{\"rows\":[{\"id\":\"1\",\"energy\":\"Low\"}]}")]
    [InlineData("{\"rows\":[{\"id\":1,\"energy\":\"Low\"},]}")]
    public void Fences_prose_bare_arrays_and_string_ids_are_read(string reply) =>
        Assert.Equal("""{"energy":"Low"}""", Json(Read(reply, 1).Rows[0]));

    [Fact]
    public void A_reply_that_breaks_off_keeps_its_whole_answers()
    {
        var reading = Read("""{"rows":[{"id":1,"energy":"Low"},{"id":2,"energy":"High","note":"a } b"},{"id":3,"ener""", 3);

        Assert.Equal([RowReadingKind.Answered, RowReadingKind.Answered, RowReadingKind.Missing], reading.Rows.Select(r => r.Kind));
        Assert.NotNull(reading.Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("I cannot do that.")]
    [InlineData("{\"rows\":")]
    [InlineData("{\"rows\":{}}")]
    [InlineData("nul")]
    [InlineData("}{")]
    [InlineData("[[[[")]
    public void A_reply_without_answers_answers_nothing_and_has_a_problem(string reply)
    {
        var reading = Read(reply, 2);

        Assert.All(reading.Rows, r => Assert.Equal(RowReadingKind.Missing, r.Kind));
        Assert.NotNull(reading.Problem);
    }

    [Fact]
    public void An_abstention_carries_its_reason()
    {
        var reading = s_abstaining.Read(Utf8("""{"rows":[{"id":1,"abstain":"no \"idea\""}]}"""), 1);

        Assert.Equal(RowReadingKind.Abstained, reading.Rows[0].Kind);
        Assert.Equal("""
            "no \"idea\""
            """, Json(reading.Rows[0]));
    }

    [Theory]
    [InlineData("""{"rows":[{"id":1,"abstain":""}]}""")]
    [InlineData("""{"rows":[{"id":1,"abstain":"  "}]}""")]
    [InlineData("""{"rows":[{"id":1,"abstain":true}]}""")]
    public void An_abstention_without_a_reason_is_no_abstention(string reply) =>
        Assert.Equal(RowReadingKind.Invalid, s_abstaining.Read(Utf8(reply), 1).Rows[0].Kind);

    [Fact]
    public void Where_the_job_does_not_allow_it_an_abstention_is_invalid() =>
        Assert.Equal(RowReadingKind.Invalid, Read("""{"rows":[{"id":1,"abstain":"why"}]}""", 1).Rows[0].Kind);

    [Fact]
    public void Every_beginning_of_a_reply_is_read_without_an_exception_and_never_misplaced()
    {
        const string Reply = """{"rows":[{"id":2,"energy":"High","note":"x"},{"id":1,"energy":"Low"},{"id":3,"energy":"Medium"}]}""";
        string[] truth = ["""{"energy":"Low"}""", """{"energy":"High","note":"x"}""", """{"energy":"Medium"}"""];
        for (var length = 0; length <= Reply.Length; length++)
        {
            var reading = Read(Reply[..length], 3);
            for (var i = 0; i < 3; i++)
                if (reading.Rows[i].Kind == RowReadingKind.Answered) Assert.Equal(truth[i], Json(reading.Rows[i]));
        }
    }

    private static ReplyReading Read(string text, int rows) => s_reader.Read(Utf8(text), rows);

    private static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Json(RowReading row) => Encoding.UTF8.GetString(row.Json.Span);
}
