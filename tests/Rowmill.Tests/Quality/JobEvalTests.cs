using System.Text;
using Rowmill.Core;
using Rowmill.Core.Quality;
using Rowmill.Core.Questions;
using Rowmill.Core.Runs;
using Rowmill.Tests.Runs;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Quality;

public sealed class JobEvalTests : IDisposable
{
    private readonly RunWorld _world = new();

    [Fact]
    public async Task Answers_are_held_against_the_gold_of_their_own_rows()
    {
        Table("energy", ("t1", "Low"), ("t2", "Low"), ("t3", "High"), ("t4", "low"), ("t5", ""), ("t6", "Hihg"), ("t7", "Medium"));
        Answers(t => t == "t7" ? "\"abstain\":\"no idea\"" : t == "t2" ? "\"energy\":\"High\"" : $"\"energy\":\"{(t == "t3" ? "High" : "Low")}\"");
        await _world.RunAsync();

        var field = Assert.Single((await EvalAsync("energy")).Fields);

        Assert.Equal(new GoldRows(6, 1, 5, 1, 0, 0, 0), field.Rows);
        Assert.Equal((new Share(2, 5), new Share(2, 6), 1), (field.Accuracy, field.AccuracyOfAll, field.FormOnly));
        Assert.Equal([("Low", 2, 3, 1), ("Medium", 0, 0, 0), ("High", 1, 2, 1)], field.Labels.Select(l => (l.Label, (int)l.Support, (int)l.Predicted, (int)l.Correct)));
        Assert.Equal([("Low", "Low", 1), ("Low", "High", 1), ("High", "High", 1), (null, "Low", 2)], field.Confusion.Select(c => (c.Gold, c.Answer, (int)c.Rows)));
        Assert.Equal([new GoldProblem("low", 1, 4, "Low"), new GoldProblem("Hihg", 1, 6, "High")], field.GoldProblems);
        Assert.Equal([new Disagreement(2, "t2", "Low", "High"), new Disagreement(4, "t4", "low", "Low"), new Disagreement(6, "t6", "Hihg", "Low")], field.Disagreements);
        Assert.False(field.GoldWasShown);
    }

    [Fact]
    public async Task A_gold_column_that_the_model_sees_is_a_loud_warning()
    {
        _world.Job = _world.Job with
        {
            Source = _world.Job.Source with { Fields = [] },
            Question = _world.Job.Question with { Fields = [] },
        };
        Table("energy", ("t1", "Low"));
        await _world.RunAsync();

        var report = await EvalAsync("energy");

        Assert.True(report.Fields[0].GoldWasShown);
        Assert.True(EvalJson.Write(report)["fields"]![0]!["gold_was_shown"]!.GetValue<bool>());
        Assert.Contains("WARNING: the model was shown the column 'energy'", Text(report, ReportForm.Plain), StringComparison.Ordinal);
        Assert.Contains("**WARNING:", Text(report, ReportForm.Markdown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sets_numbers_and_booleans_are_compared_as_what_they_are()
    {
        Ask("""
            {"type":"object","properties":{
              "tags":{"type":"array","items":{"enum":["a","b","c"]}},
              "year":{"type":"integer"},
              "live":{"type":"boolean"}}}
            """);
        File.WriteAllText(_world.Job.Source.Path, "n,title,tags,when,live\n1,t1,b;a,1990,yes\n2,t2,a,2000,no\n3,t3,c,soon,no\n", new UTF8Encoding(false));
        Answers(t => t switch
        {
            "t1" => "\"tags\":[\"a\",\"b\"],\"year\":1990,\"live\":true",
            "t2" => "\"tags\":[\"a\",\"c\"],\"year\":2004,\"live\":true",
            _ => "\"year\":1,\"live\":false",
        });
        await _world.RunAsync();

        var report = await EvalAsync("tags", "when=year", "live");

        Assert.Equal([new Share(1, 3), new Share(1, 3), new Share(2, 3)], report.Fields.Select(f => f.Accuracy));
        Assert.Equal([("a", 2, 2, 2), ("b", 1, 1, 1), ("c", 1, 1, 0)], report.Fields[0].Labels.Select(l => (l.Label, (int)l.Support, (int)l.Predicted, (int)l.Correct)));
        Assert.Equal(1, report.Fields[0].WithoutValue);
        Assert.Equal((2d, "soon"), (report.Fields[1].MeanAbsoluteError, Assert.Single(report.Fields[1].GoldProblems).Value));
        Assert.Equal([("true", "true"), ("false", "true"), ("false", "false")], report.Fields[2].Confusion.Select(c => (c.Gold, c.Answer)));
    }

    [Fact]
    public async Task Free_text_is_compared_exactly_and_its_labels_are_bounded()
    {
        Table("note", [.. Enumerable.Range(1, 300).Select(i => ($"t{i}", $"note {i}"))]);
        Answers(t => $"\"energy\":\"Low\",\"note\":\"note {t[1..]}\"");
        await _world.RunAsync();

        var field = Assert.Single((await EvalAsync("note")).Fields);

        Assert.Equal((new Share(300, 300), 100, true), (field.Accuracy, field.Labels.Count, field.LabelsCut));
        Assert.Null(field.MacroF1);
    }

    [Theory]
    [InlineData("enrgy", "songs.csv has no column 'enrgy'.", "Did you mean 'energy'?")]
    [InlineData("n", "The answer has no property 'n'.", "Known are energy, note. Where the names differ write --gold n=PROPERTY.")]
    [InlineData("energy=nrg", "The answer has no property 'nrg'.", "Known are energy, note.")]
    public async Task A_wrong_name_is_told_with_the_nearest(string gold, string message, string fix)
    {
        Table("energy", ("t1", "Low"));

        var e = await Assert.ThrowsAsync<ProblemException>(() => EvalAsync(gold));

        Assert.Equal((message, fix, "--gold"), (Assert.Single(e.Problems).Message, e.Problems[0].Fix, e.Problems[0].Key));
    }

    [Fact]
    public async Task Nothing_to_compare_is_told()
    {
        Table("energy", ("t1", "Low"), ("t2", ""));

        var nothing = await Assert.ThrowsAsync<ProblemException>(() => EvalAsync("energy"));
        Assert.Equal("None of the 1 rows with a value in 'energy' has been asked yet.", Assert.Single(nothing.Problems).Message);

        Table("energy", ("t1", ""));
        await _world.RunAsync();
        var empty = await Assert.ThrowsAsync<ProblemException>(() => EvalAsync("energy"));
        Assert.Equal("The column 'energy' of songs.csv is empty in every row.", Assert.Single(empty.Problems).Message);
    }

    public void Dispose() => _world.Dispose();

    private void Ask(string schema) => _world.Job = _world.Job with
    {
        Question = new Question { Prompt = "Judge the song.", Schema = Schemas.Parse(schema), Fields = ["title"] },
    };

    private void Table(string column, params (string Title, string Gold)[] rows) => File.WriteAllText(
        _world.Job.Source.Path, $"n,title,{column}\n" + string.Concat(rows.Select((r, i) => $"{i + 1},{r.Title},{r.Gold}\n")), new UTF8Encoding(false));

    private void Answers(Func<string, string> members) => _world.Model().Script = call => FakeReply.Each(call, members);

    private async Task<EvalReport> EvalAsync(params string[] gold)
    {
        var job = await OpenedJob.OpenAsync(_world.Job, cancellationToken: TestContext.Current.CancellationToken);
        return await JobEval.RunAsync(job, GoldColumn.Read(gold, job), _world.Store.Answers, TestContext.Current.CancellationToken);
    }

    private static string Text(EvalReport report, ReportForm form)
    {
        using var text = new StringWriter();
        EvalText.Write(text, report, form);
        return text.ToString();
    }
}
