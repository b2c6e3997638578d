using System.Text;
using Rowmill.Core.Jobs;

namespace Rowmill.Tests.Jobs;

public sealed class YamlMistakeTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", 1, "empty", "rowmill init")]
    [InlineData("# only a comment\n", 1, "empty", "rowmill init")]
    [InlineData("---\n", 1, "empty", "rowmill init")]
    [InlineData("just words", 1, "mapping of keys", "rowmill init")]
    [InlineData("- a\n- b", 1, "mapping of keys", "rowmill init")]
    [InlineData("name: songs\nsource:\n\tcsv: x.csv\n", 3, "A tab indents this line", "two spaces")]
    [InlineData("name: songs\nsource:\n  csv: x.csv\n\tfields: [a]\n", 4, "A tab indents this line", "two spaces")]
    [InlineData("name: songs\nprompt: Say: this\n", 2, "not YAML", "quotes: it holds a colon")]
    [InlineData("name: songs\nanswer: { a: [1, 2 }\n", 2, "not YAML", "bracket")]
    [InlineData("name: \"songs\nsource: x\n", 1, "not YAML", "quotes are closed")]
    [InlineData("name: songs\n  source: x\n", 2, "not YAML", "indentation")]
    [InlineData("name: @songs\n", 1, "not YAML", "quotes")]
    public void What_is_not_a_mapping_in_YAML_is_told_with_its_line(string text, int line, string message, string fix)
    {
        var problem = _folder.Single(_folder.Load(text));
        Assert.Equal(line, problem.Line);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_document_is_refused()
    {
        var problem = _folder.Single(_folder.Load(JobFolder.Good + "\n---\nname: other\n"));
        Assert.Equal(16, problem.Line);
        Assert.Contains("second document", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tabs_inside_a_text_are_nothing_special() =>
        Assert.Equal("a\tb\n\tc", _folder.LoadGood(JobFolder.Good.Replace("prompt: Label the song.", "prompt: |\n  a\tb\n  \tc")).Question.Prompt);

    [Fact]
    public void A_tag_an_unknown_anchor_and_a_key_that_is_no_name_are_told()
    {
        Assert.Contains("tag", _folder.Single(_folder.LoadWith("name: songs", "name: !env songs")).Message, StringComparison.Ordinal);
        Assert.Contains("no anchor '&songs'", _folder.Single(_folder.LoadWith("name: songs", "name: *songs")).Message, StringComparison.Ordinal);
        Assert.Contains("A key must be a name", _folder.Single(_folder.LoadWith("name: songs", "name: songs\n[a]: b")).Message, StringComparison.Ordinal);
        Assert.Equal("x", _folder.LoadGood(JobFolder.Good.Replace("name: songs", "name: !!str x")).Name);
    }

    [Fact]
    public void A_short_file_cannot_become_a_huge_schema()
    {
        var bomb = new StringBuilder("&a0 [x]");
        for (var i = 1; i < 12; i++) bomb.Append($", &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        var problem = _folder.Single(_folder.LoadWith("[No, Yes]", $"[{bomb}]"));
        Assert.Contains("too large", problem.Message, StringComparison.Ordinal);
        var deep = new string('[', 5000) + new string(']', 5000);
        Assert.Contains("nested deeper", _folder.Single(_folder.LoadWith("[No, Yes]", deep)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_with_the_name_probably_meant()
    {
        _folder.Write("songs.yaml", "x");
        var problem = Assert.Single(JobFile.Load(Path.Combine(_folder.Path, "song.yaml")).Problems);
        Assert.Equal("Did you mean 'songs.yaml'?", problem.Fix);
        Assert.Null(problem.Line);
        Assert.Contains("rowmill init", Assert.Single(JobFile.Load(Path.Combine(_folder.Path, "nowhere", "x.yaml")).Problems).Fix, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Single(JobFile.Load(_folder.Path).Problems).Message, StringComparison.Ordinal);
        Assert.Equal("'rowmill init songs.csv' writes a job file for it.", Assert.Single(JobFile.Load("songs.csv").Problems).Fix);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_told()
    {
        var path = Path.Combine(_folder.Path, "latin.yaml");
        File.WriteAllBytes(path, [0x6E, 0x61, 0x6D, 0x65, 0x3A, 0x20, 0xE9, 0x0A]);
        Assert.Equal("This file is not UTF-8.", Assert.Single(JobFile.Load(path).Problems).Message);
    }
}
