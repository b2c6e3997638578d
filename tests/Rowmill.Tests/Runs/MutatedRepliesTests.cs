using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Core.Runs;
using Rowmill.Tests.Replies;

namespace Rowmill.Tests.Runs;

/// <summary>Whole runs against a model whose replies are mostly mutated.</summary>
public sealed class MutatedRepliesTests(ITestOutputHelper output)
{
    private const int Rows = 2_000;
    private const int Pack = 20;

    private static readonly FuzzObject s_answer = new(
        [
            new FuzzProperty("energy", new FuzzLabel(["Very Low", "Low", "Medium", "High"]), true),
            new FuzzProperty("mark", new FuzzMark('r', Strict: false), true),
            new FuzzProperty("score", new FuzzNumber(Whole: true, 0, 10, Open: false), false),
            new FuzzProperty("tags", new FuzzList(new FuzzLabel(["Soul", "Hip-Hop", "Other"]), 0, 2, Unique: true), false),
            new FuzzProperty("why", new FuzzWords(0, 60), false),
        ], Closed: false);

    private static readonly AnswerSchema s_schema = Support.Schemas.Parse(s_answer.Schema);

    public static TheoryData<int> Seeds { get; } =
        [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("ROWMILL_LONG") is null or "" ? 3 : 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_row_ends_once_and_with_its_own_answer(int seed)
    {
        using var world = new RunWorld();
        world.Table(RunWorld.Titles(Rows));
        world.Job = world.Job with { PackRows = Pack, Question = world.Job.Question with { Schema = s_schema } };
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        world.Model().Script = call => Reply(call, seed, titles);

        var summary = await world.RunAsync();

        var (statuses, marks, errors) = (await world.ColumnAsync("ai_status"), await world.ColumnAsync("ai_mark"), await world.ColumnAsync("ai_error"));
        Assert.Equal(RunWorld.Titles(Rows), await world.ColumnAsync("title"));
        foreach (var (i, title) in RunWorld.Titles(Rows).Index())
        {
            var mark = statuses[i] switch
            {
                "answered" => marks[i],
                "abstained" => FuzzMarks.In(errors[i]).First(),
                _ => null,
            };
            var owner = mark is null ? null : titles.GetValueOrDefault(mark);
            if (mark is null) Assert.True(statuses[i] == "failed" && errors[i].Length > 0, $"{title} is {statuses[i]}: {errors[i]}");
            else Assert.True(owner == title, $"{title} is {statuses[i]} with {mark}, the mark of {owner ?? "nobody"}");
        }

        var rows = summary.Rows;
        var (answered, abstained) = (statuses.Count(s => s == "answered"), statuses.Count(s => s == "abstained"));
        Assert.Equal(new RowCounts(Rows, answered, abstained, 0, Rows - answered - abstained, 0, 0), rows);
        Assert.True(summary.State is RunState.Completed or RunState.CompletedWithGaps, $"{summary.State}");
        // A tree of halves has fewer than two nodes a row, each asked at most twice; then come the tries alone.
        Assert.InRange(summary.Calls.Succeeded, Rows / Pack, Rows * (4 + Ladder.TriesAlone));
        // Most rows of a mutated reply are good, and those are kept: far fewer calls are needed than for asking each row by itself.
        Assert.InRange(summary.Calls.Sent, 1, Rows);
        Assert.InRange(rows.Answered + rows.Abstained, Rows * 98 / 100, Rows);
        output.WriteLine(
            $"seed {seed}: {rows.Answered} answered, {rows.Abstained} abstained, {rows.Failed} failed, {summary.Calls.Sent} calls for {Rows / Pack} packs");

        world.Forget();
        var again = await world.RunAsync();

        Assert.Empty(world.Model().Calls);
        Assert.Equal(rows.Answered + rows.Abstained, again.Rows.FromCache);
    }

    /// <summary>What a call brings: mostly a mutated reply, now and then none.</summary>
    private static ModelResult Reply(FakeCall call, int seed, Dictionary<string, string> titles)
    {
        var chance = new Random(unchecked((seed * 7919) + call.Number));
        if (chance.Next(20) == 0)
            return FakeReply.Fail(new[] { FailureKind.TimedOut, FailureKind.ConnectionLost, FailureKind.BadGeneration, FailureKind.BadReply }[chance.Next(4)]);
        var pack = new FuzzWorld(chance.Next(), call.Titles.Count, s_answer, s_schema);
        foreach (var entry in pack.Truth) titles[entry.OwnMark] = call.Titles[entry.Owner - 1];
        var reply = ReplyFuzz.Make(pack, 0, chance.Next(5) == 0 ? [] : null);
        // One that really gives an answer under another row's id is nobody's fault but the model's; who is to know?
        for (var other = 1; reply.Told.Count > 0 || reply.Torn.Count > 0; other++) reply = ReplyFuzz.Make(pack, other);
        var ending = reply.Cut is null ? ReplyEnding.Complete : ReplyEnding.Truncated;
        return new ModelResult { Reply = new ModelReply(reply.Text.ToArray(), ending, new TokenUsage(100, 0, 10 * call.Titles.Count)) };
    }
}
