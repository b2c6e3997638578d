using Rowmill.Core.Rows;

namespace Rowmill.Tests.Rows;

public sealed class RowCheckTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("", "blank")]
    [InlineData(" \t\u00A0\u3000 ", "blank")]
    [InlineData("NULL", "NULL")]
    [InlineData(" null ", "NULL")]
    [InlineData("\u00A0NULL\u3000", "NULL")]
    [InlineData("#REF!", "#REF!")]
    [InlineData("#N/A", "#N/A")]
    [InlineData("#VALUE!", "#VALUE!")]
    [InlineData("#DIV/0!", "#DIV/0!")]
    [InlineData("#NAME?", "#NAME?")]
    [InlineData("#NULL!", "#NULL!")]
    [InlineData("#NUM!", "#NUM!")]
    [InlineData("Nullsoft", null)]
    [InlineData("#1 hit", null)]
    [InlineData("é", null)]
    [InlineData("0", null)]
    public async Task A_required_cell_must_hold_something(string value, string? fault)
    {
        var expected = fault is null ? null : $"artist is {fault}";
        var text = (await RowFiles.ReadAsync(_files.Csv($"title,artist\nx,\"{value}\"\n")))[0];
        Assert.Equal(expected, new RowCheck(["artist"]).Check(text));
        var json = (await RowFiles.ReadAsync(_files.Jsonl($"{{\"artist\":\"{value.Replace("\t", "\\t")}\"}}\n")))[0];
        Assert.Equal(expected, new RowCheck(["artist"]).Check(json));
    }

    [Fact]
    public async Task Every_reason_is_told_and_other_columns_may_be_blank()
    {
        var row = (await RowFiles.ReadAsync(_files.Csv("title,artist,year\n,NULL,\n")))[0];
        Assert.Equal("title is blank; artist is NULL", new RowCheck(["title", "artist"]).Check(row));
        Assert.Null(new RowCheck([]).Check(row));
    }

    [Fact]
    public async Task A_JSON_row_must_have_the_property_and_not_null()
    {
        var rows = await RowFiles.ReadAsync(_files.Jsonl("{\"a\":null}\n{\"b\":1}\n{\"a\":0}\n{\"a\":[]}\n{\"a\":\"\\u0020\"}\n"));
        var check = new RowCheck(["a"]);
        Assert.Equal(["a is missing", "a is missing", null, null, "a is blank"], rows.Select(check.Check));
    }
}
