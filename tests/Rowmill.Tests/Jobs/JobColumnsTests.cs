using Rowmill.Core.Jobs;

namespace Rowmill.Tests.Jobs;

public sealed class JobColumnsTests : IDisposable
{
    private static readonly string[] s_properties = ["label", "tags"];

    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Columns_that_are_all_there_are_no_problem() =>
        Assert.Empty(JobColumns.Check(_folder.LoadGood(JobFolder.Good), ["artist", "title", "year"], s_properties));

    [Fact]
    public void A_column_that_the_source_lacks_is_told_with_its_line()
    {
        var job = _folder.LoadGood(JobFolder.Good.Replace("fields: [title, artist]", "key: [titel]\n  fields:\n    - title\n    - artst\n  require: [year]"));
        var problems = JobColumns.Check(job, ["title", "artist"], s_properties);
        Assert.Equal(
            [
                "4 source.key[0]: songs.csv has no column 'titel'. Did you mean 'title'?",
                "7 source.fields[1]: songs.csv has no column 'artst'. Did you mean 'artist'?",
                "8 source.require[0]: songs.csv has no column 'year'. Known are title, artist.",
            ],
            problems.Select(p => $"{p.Line} {p.Key}: {p.Message} {p.Fix}"));
        Assert.All(problems, p => Assert.Equal(job.File, p.File));
    }

    [Fact]
    public void Source_columns_may_not_meet_the_output_s()
    {
        var job = _folder.LoadGood(JobFolder.Good + "\n  prefix: ai_\n  spread: { tags: 2 }");
        var problem = Assert.Single(JobColumns.Check(job, ["title", "artist", "ai_status", "ai_tags_2", "ai_tags", "ai2_x"], s_properties));
        Assert.Equal(("output.prefix", 16L), (problem.Key, problem.Line!.Value));
        Assert.Equal("songs.csv already has columns 'ai_status', 'ai_tags_2', which the output would add.", problem.Message);
        Assert.Equal("Write prefix: ai3_ under output.", problem.Fix);
    }

    [Fact]
    public void Without_a_prefix_of_its_own_the_output_s_line_is_told()
    {
        var problem = Assert.Single(JobColumns.Check(_folder.LoadGood(JobFolder.Good), ["title", "artist", "ai_label"], s_properties));
        Assert.Equal(14, problem.Line);
    }

    [Fact]
    public void A_job_made_in_code_is_checked_without_lines()
    {
        var job = _folder.LoadGood(JobFolder.Good) with { File = null, Lines = new Dictionary<string, int>() };
        job = job with { Output = job.Output with { Spread = new Dictionary<string, int> { ["lable"] = 2 } } };
        var problem = Assert.Single(JobColumns.Check(job, ["title", "artist"], s_properties));
        Assert.Equal(("output.spread.lable", null, "Did you mean 'label'?"), (problem.Key, problem.Line, problem.Fix));
    }

    [Fact]
    public void A_spread_of_no_size_is_a_problem()
    {
        var job = _folder.LoadGood(JobFolder.Good);
        job = job with { Output = job.Output with { Spread = new Dictionary<string, int> { ["tags"] = 0 } } };
        Assert.Equal("output.spread.tags", Assert.Single(JobColumns.Check(job, ["title", "artist"], s_properties)).Key);
    }

    [Fact]
    public void A_simulated_run_adds_its_mark_too()
    {
        var yaml = JobFolder.Good.Replace("groq/openai/gpt-oss-20b", "simulator/demo");
        Assert.Single(JobColumns.Check(_folder.LoadGood(yaml), ["title", "artist", "ai_simulated"], s_properties));
        Assert.Empty(JobColumns.Check(_folder.LoadGood(JobFolder.Good), ["title", "artist", "ai_simulated"], s_properties));
        Assert.Equal("answer.properties.simulated", _folder.Single(_folder.Load(yaml.Replace("label: {", "simulated: {"))).Key);
    }

    [Fact]
    public void A_receipt_s_columns_may_meet_neither_the_source_s_nor_the_answer_s()
    {
        var yaml = JobFolder.Good + "\n  receipt: true";
        var job = _folder.LoadGood(yaml);
        Assert.StartsWith("songs.csv already has a column 'ai_usd'", Assert.Single(JobColumns.Check(job, ["title", "artist", "ai_usd"], s_properties)).Message, StringComparison.Ordinal);
        Assert.Empty(JobColumns.Check(_folder.LoadGood(JobFolder.Good), ["title", "artist", "ai_usd"], s_properties));
        var problem = _folder.Single(_folder.Load(yaml.Replace("label: {", "model: {")));
        Assert.Equal(("answer.properties.model", "Rename the property, or leave 'receipt' out."), (problem.Key, problem.Fix));
        Assert.Equal("The column ai_model would be both the receipt's 'model' and 'model'.", problem.Message);
        var jsonl = _folder.LoadGood(yaml.Replace("  csv: out.csv", "  jsonl: out.jsonl"));
        Assert.Empty(JobColumns.Check(jsonl, ["title", "artist", "ai_model"], s_properties));
        Assert.Single(JobColumns.Check(jsonl, ["title", "artist", "ai_receipt"], s_properties));
    }

    [Fact]
    public void A_jsonl_output_nests_the_answer_under_one_name()
    {
        var job = _folder.LoadGood(JobFolder.Good.Replace("  csv: out.csv", "  jsonl: out.jsonl"));
        Assert.Empty(JobColumns.Check(job, ["title", "artist", "ai_label"], s_properties));
        Assert.Single(JobColumns.Check(job, ["title", "artist", "ai_answer"], s_properties));
    }
}
