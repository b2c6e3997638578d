using Rowmill.Core.Jobs;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;

namespace Rowmill.Tests.Jobs;

public sealed class JobTemplateTests : IDisposable
{
    private static readonly string[] s_odd =
    [
        "title", "the artist", "a: b", "x # y", "- dash", "*star", "&and", "!bang", "%", "@at", "`tick", "{a}", "[b]", "a,b", "\"quoted\"",
        "it's", "back\\slash", "yes", "NO", "null", "~", "true", "12", "1.5", "0x1F", "tab\there", "line\nbreak", " lead", "trail ", "größe",
        "題名", "🎵", "a\u2028b", "\u0001", "\uFEFFbom", "?", "a:", "=", "<<", "---", "...", "2026-01-01", "a\\",
    ];

    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_template_loads_again_with_every_odd_column_name()
    {
        var job = _folder.LoadGood(JobTemplate.Write("songs.csv", Table(s_odd.Select(n => new SourceColumn(n, ["some text", "# odd: 'value'\n- x"]))), _ => false));
        Assert.Equal(s_odd, job.Source.Fields);
        // Other programs read YAML 1.1, where these plain words are no texts.
        Assert.Equal(["\"yes\"", "\"NO\"", "yes or no"], new[] { "yes", "NO", "yes or no" }.Select(YamlQuoting.Quote));
        Assert.Equal("songs", job.Name);
        Assert.Equal(Path.Combine(_folder.Path, "songs.csv"), job.Source.Path);
        Assert.Equal(Path.Combine(_folder.Path, "songs-labelled.csv"), job.Output.Path);
        Assert.Contains("Judge how good", job.Question.Prompt, StringComparison.Ordinal);
        Assert.Contains("\"label\":{\"enum\":[\"Good\"", _folder.Schema, StringComparison.Ordinal);
        Assert.Contains("reasoning", _folder.Schema, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(';', "windows-1252")]
    [InlineData('\t', "utf-16")]
    [InlineData('|', "utf-8")]
    [InlineData('\\', "utf-8")]
    [InlineData('\'', "utf-8")]
    public void Delimiter_and_encoding_arrive(char delimiter, string encoding)
    {
        var job = _folder.LoadGood(JobTemplate.Write("songs.csv", Table([Column("title")]) with { Delimiter = delimiter, Encoding = encoding }, _ => false));
        Assert.Equal((delimiter, encoding), (job.Source.Delimiter, job.Source.Encoding));
    }

    [Fact]
    public void A_jsonl_table_gives_a_jsonl_job()
    {
        var job = _folder.LoadGood(JobTemplate.Write(
            "data/all my: songs.v2.jsonl", Table([Column("title")]) with { Kind = SourceKind.Jsonl }, _ => false));
        Assert.Equal((SourceKind.Jsonl, OutputKind.Jsonl), (job.Source.Kind, job.Output.Kind));
        Assert.Equal("data/all my: songs.v2.jsonl", job.Source.Name);
        Assert.Equal("all my: songs.v2", job.Name);
    }

    [Theory]
    [InlineData("", "simulator/demo")]
    [InlineData("GROQ_API_KEY", "groq/openai/gpt-oss-20b")]
    [InlineData("OPENAI_API_KEY", "openai/gpt-4o-mini")]
    [InlineData("GEMINI_API_KEY", "gemini/gemini-2.5-flash")]
    [InlineData("ANTHROPIC_API_KEY", "anthropic/claude-haiku-4-5")]
    [InlineData("OPENAI_API_KEY GROQ_API_KEY", "groq/openai/gpt-oss-20b openai/gpt-4o-mini")]
    public void The_models_whose_key_is_set_are_chosen(string set, string models)
    {
        var text = JobTemplate.Write("songs.csv", Table([Column("title")]), set.Split(' ').Contains);
        Assert.Equal(models.Split(' '), _folder.LoadGood(text).Routes.Select(r => r.Name));
        foreach (var provider in new[] { "groq/", "openai/", "ollama/", "openai-compatible/", "simulator/" })
            Assert.Contains($"- model: {provider}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_alternative_is_valid_once_its_comment_sign_is_gone()
    {
        _folder.Write("tags.txt", "a\nb");
        var text = JobTemplate.Write("songs.csv", Table([Column("title"), new SourceColumn("id", ["1"])]), _ => true);
        var keys = text.Split('\n').SkipWhile(l => !l.StartsWith("name:", StringComparison.Ordinal)).Select(Uncomment);
        var job = _folder.LoadGood(string.Join('\n', keys));
        Assert.Equal(7, job.Routes.Count);
        Assert.Equal(["title", "id"], job.Source.Fields);
        Assert.Equal((20, 5m, true), (job.PackRows, job.BudgetUsd, job.Question.Abstain));
        Assert.Equal((8192, true), (job.Routes[4].ContextTokens, job.Output.Bom));
    }

    [Fact]
    public void Columns_that_tell_a_model_nothing_are_left_out_but_shown()
    {
        SourceColumn[] columns =
        [
            new("id", ["1", "2"]), new("title", ["Adorn", "Miguel"]), new("artist_id", ["17", "x9"]), new("cover", ["https://a.example/1.jpg"]),
            new("hash", ["d41d8cd98f00b204e9800998ecf8427e"]), new("blank", ["", " "]), new("year", ["2012"]), new("paid", ["yes", "no"]), new("unseen", []),
        ];
        var text = JobTemplate.Write("songs.csv", Table(columns), _ => false);
        Assert.Equal(["title", "year", "paid", "unseen"], _folder.LoadGood(text).Source.Fields);
        foreach (var column in columns) Assert.Contains($"- {column.Name}", text, StringComparison.Ordinal);
        Assert.Contains("# Adorn · Miguel", text, StringComparison.Ordinal);
    }

    [Fact]
    public void When_no_column_seems_useful_all_are_shown()
    {
        Assert.Equal(["id", "url"], _folder.LoadGood(JobTemplate.Write("songs.csv", Table([Column("id"), Column("url")]), _ => false)).Source.Fields);
        Assert.Empty(_folder.LoadGood(JobTemplate.Write("songs.csv", Table([]), _ => false)).Source.Fields);
    }

    [Fact]
    public void A_table_that_was_labelled_before_gets_another_prefix()
    {
        var job = _folder.LoadGood(JobTemplate.Write("songs.csv", Table([Column("title"), Column("ai_status"), Column("ai_label")]), _ => false));
        Assert.Equal("ai2_", job.Output.Prefix);
        Assert.Empty(JobColumns.Check(job, ["title", "ai_status", "ai_label"], ["label", "reasoning"]));
    }

    private static string Uncomment(string line)
    {
        var key = line.TrimStart();
        return key.StartsWith("# ", StringComparison.Ordinal) ? line[..^key.Length] + key[2..] : line;
    }

    private static SourceColumn Column(string name) => new(name, []);

    private static SourceGuess Table(IEnumerable<SourceColumn> columns) =>
        new() { Kind = SourceKind.Csv, Columns = [.. columns] };
}
