using System.Globalization;
using Rowmill.Core.Replies;

namespace Rowmill.Tests.Replies;

public sealed class ReplyFuzzTests(ITestOutputHelper output)
{
    private static bool IsLong => Environment.GetEnvironmentVariable("ROWMILL_LONG") is not (null or "");

    [Fact]
    public void No_mutated_reply_throws_or_puts_an_answer_on_another_row()
    {
        var replies = IsLong ? 1_000_000 : 20_000;
        var seed = int.Parse(Environment.GetEnvironmentVariable("ROWMILL_FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
        var start = TimeProvider.System.GetTimestamp();

        var tally = ReplyFuzz.Run(seed, replies);

        output.WriteLine($"seed {seed}, {TimeProvider.System.GetElapsedTime(start).TotalSeconds:F1} s");
        output.WriteLine(tally.ToString());
        foreach (var failures in tally.Failures.GroupBy(f => f.Fault.Kind))
        {
            output.WriteLine($"{ReplyFuzz.Shorten(failures.MinBy(f => f.Text.Length)!)}\n");
            foreach (var failure in failures) output.WriteLine($"{failure}\n");
        }

        Assert.Equal(replies, tally.Replies);
        Assert.Equal((0, 0, 0), (tally.Misplaced, tally.Exceptions, tally.Others));
    }

    [Fact]
    public void An_untouched_reply_keeps_every_row_in_any_wrapper_and_layout()
    {
        for (var seed = 0; seed < (IsLong ? 5_000 : 200); seed++)
        {
            var world = new FuzzWorld(seed);
            foreach (var form in Enum.GetValues<FuzzForm>().Except([FuzzForm.Renamed, FuzzForm.Nested, FuzzForm.Split]))
            {
                var c = new FuzzCase(world, 0);
                c.Main.Form = form;
                c.Style = c.Chance.Of(FuzzStyle.Usual);
                c.Render();
                if (!c.IsPlain) continue;

                var reading = c.Read(c.Text.ToArray());

                Assert.True(reading.Good == world.Rows, $"world {seed}, {form}: {reading.Good} of {world.Rows}, {reading.Problem}\n{c.Shown()}");
                Assert.Null(FuzzOracle.Judge(c, reading));
            }
        }
    }

    [Fact]
    public void Every_cut_of_a_reply_keeps_the_answers_before_it_and_nothing_else()
    {
        for (var seed = 0; seed < (IsLong ? 500 : 20); seed++)
        {
            var world = new FuzzWorld(seed, mostRows: 6);
            var whole = ReplyFuzz.Make(world, 0, []).Text.ToArray();
            var ends = new List<int>();
            for (var length = 0; length <= whole.Length; length++)
            {
                var reading = world.Reader.Read(whole.AsMemory(0, length), world.Rows);
                if (reading.Good > ends.Count) ends.Add(length);
                Assert.True(reading.Good == ends.Count, $"world {seed}, cut at {length}: {reading.Good} of the {ends.Count} that were there before");
                Assert.All(reading.Rows.Skip(reading.Good), row => Assert.Equal(RowReadingKind.Missing, row.Kind));
            }

            Assert.Equal(world.Rows, ends.Count);
        }
    }

    [Fact]
    public void The_same_seed_makes_the_same_reply()
    {
        for (var number = 0; number < 50; number++)
            Assert.Equal(ReplyFuzz.Make(new FuzzWorld(7), number).Text.ToArray(), ReplyFuzz.Make(new FuzzWorld(7), number).Text.ToArray());
    }
}
