using System.Text;
using Rowmill.Core.Rows;

namespace Rowmill.Tests.Rows;

public sealed class JsonlRowSourceTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Rows_hold_the_raw_values_of_their_own_properties_and_share_columns()
    {
        var options = _files.Jsonl("\uFEFF{\"a\": 1.50, \"b\" :\"x\\u00e9\\n\"}\r\n\n  \n{\"c\":[1, {\"d\":null}]}\n{\"a\":null,\"b\":true}\n{}");
        var rows = await RowFiles.ReadAsync(options);
        var profile = await RowSources.Open(options).ProfileAsync();

        Assert.Equal([["1.50", "\"x\\u00e9\\n\""], ["[1, {\"d\":null}]"], ["null", "true"], []], rows.Select(RowFiles.Cells));
        Assert.Same(rows[0].Columns, rows[2].Columns);
        Assert.Equal(["c"], rows[1].Columns.Names);
        Assert.Equal([1L, 4L, 5L, 6L], rows.Select(r => r.Line));
        Assert.Equal(["a", "b", "c"], profile.Columns.Names);
        Assert.Equal(CellFormat.Json, profile.Columns.Format);
        Assert.Equal(4, profile.Rows);
        Assert.Empty(profile.Problems);
    }

    [Fact]
    public async Task Names_are_compared_by_what_they_mean()
    {
        var rows = await RowFiles.ReadAsync(_files.Jsonl("{\"é\":1}\n{\"\\u00e9\":2}\n"));
        Assert.Same(rows[0].Columns, rows[1].Columns);
    }

    [Fact]
    public async Task Lines_longer_than_any_buffer_are_whole()
    {
        var large = new string('ü', 700_000);
        var rows = await RowFiles.ReadAsync(_files.Jsonl($"{{\"a\":1}}\n{{\"a\":\"{large}\"}}\n{{\"a\":3}}"));
        Assert.Equal(["1", $"\"{large}\"", "3"], rows.Select(r => RowFiles.Cells(r)[0]));
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("\n \n", 1, "empty")]
    [InlineData("{\"a\":1}\n{\"a\":}\n", 2, "column 6")]
    [InlineData("{\"é\":x}\n", 1, "column 6")]
    [InlineData("{\"a\":1}\n\n{\"a\":1\n", 3, "Not JSON")]
    [InlineData("{\"a\":1} {\"a\":2}\n", 1, "column 9")]
    [InlineData("{\"a\":1}\n[1]\n", 2, "array")]
    [InlineData("{\"a\":1}\n5\n", 2, "not a JSON object")]
    [InlineData("[\n{\"a\":1},\n{\"a\":2}\n]\n", 1, "jq -c '.[]'")]
    [InlineData("[{\"a\":1},{\"a\":2}]\n", 1, "jq -c '.[]'")]
    [InlineData("{\"a\":1}\n{\"a\":1,\"b\":2,\"\\u0061\":3}\n", 2, "a appears twice")]
    [InlineData("{\"\\ud800\":1}\n", 1, "surrogate")]
    [InlineData("{\"a\":1}\n\0\n", 2, "NUL")]
    public async Task A_mistake_is_told_with_file_line_and_fix(string text, int line, string part)
    {
        var problems = await RowFiles.ProblemsAsync(_files.Jsonl(text));
        var problem = problems[0];
        Assert.Single(problems);
        Assert.Equal("table.jsonl", problem.File);
        Assert.Equal(line, problem.Line);
        Assert.Contains(part, problem.Message + problem.Fix, StringComparison.Ordinal);
        Assert.NotNull(problem.Fix);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_told_with_their_line()
    {
        var problem = Assert.Single(await RowFiles.ProblemsAsync(_files.Jsonl([.. "{\"a\":1}\n{\"a\":\""u8, 0xE9, .. "\"}\n"u8])));
        Assert.Equal(2, problem.Line);
        Assert.Contains("0xE9 at byte 7", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ever_new_property_names_are_a_problem_and_not_a_leak()
    {
        var text = string.Concat(Enumerable.Range(0, 10_100).Select(i => $"{{\"id{i}\":1}}\n"));
        Assert.Contains("different properties", Assert.Single(await RowFiles.ProblemsAsync(_files.Jsonl(Encoding.UTF8.GetBytes(text)))).Message, StringComparison.Ordinal);
    }
}
