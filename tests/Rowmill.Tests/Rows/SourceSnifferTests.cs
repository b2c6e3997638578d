using System.Text;
using Rowmill.Core.Rows;

namespace Rowmill.Tests.Rows;

public sealed class SourceSnifferTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("a,b\n1;x,2\n", ',')]
    [InlineData("a;b\n1,5;2,5\n3,5;4,5\n", ';')]
    [InlineData("a\tb\n1\t2\n", '\t')]
    [InlineData("a|b|c\n1|2|3\n", '|')]
    [InlineData("a\n1\n", ',')]
    [InlineData("title;note\n\"x;y\";\"a,b\"\n", ';')]
    public async Task The_delimiter_is_the_one_that_splits_evenly(string text, char delimiter)
    {
        var guess = await Detect("t.csv", Encoding.UTF8.GetBytes(text));
        Assert.Empty(guess.Problems);
        Assert.Equal(delimiter, guess.Delimiter);
    }

    [Theory]
    [InlineData("utf-8", "utf-8")]
    [InlineData("latin1", "latin1")]
    [InlineData("utf-16", "utf-16")]
    [InlineData("utf-16be", "utf-16be")]
    public async Task The_encoding_is_found(string written, string guessed)
    {
        var guess = await Detect("t.csv", TextEncodings.Find(written)!.GetBytes("title,artist\nCafé,Beyoncé Giselle\n"));
        Assert.Empty(guess.Problems);
        Assert.Equal(guessed, guess.Encoding);
        Assert.Equal(["Café"], guess.Columns[0].Samples);
    }

    [Fact]
    public async Task Curly_quotes_of_Windows_are_found() =>
        Assert.Equal("windows-1252", (await Detect("t.csv", [.. "a\n"u8, 0x93, .. "x"u8, 0x94])).Encoding);

    [Fact]
    public async Task Columns_come_with_a_few_different_values()
    {
        var guess = await Detect("t.jsonl", "{\"a\":1,\"b\":\"x\\ny\"}\n{\"a\":1,\"c\":null}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n"u8.ToArray());
        Assert.Equal(SourceKind.Jsonl, guess.Kind);
        Assert.Equal(["a", "b", "c"], guess.Columns.Select(c => c.Name));
        Assert.Equal([["1", "2", "3"], ["x\ny"], []], guess.Columns.Select(c => c.Samples));
    }

    [Theory]
    [InlineData("t.ndjson", "{}", SourceKind.Jsonl)]
    [InlineData("t.txt", "{\"a\":1}", SourceKind.Jsonl)]
    [InlineData("t.txt", "a,b", SourceKind.Csv)]
    [InlineData("t.TSV", "a\tb", SourceKind.Csv)]
    public async Task The_kind_follows_the_name_then_the_content(string name, string text, SourceKind kind) =>
        Assert.Equal(kind, (await Detect(name, Encoding.UTF8.GetBytes(text))).Kind);

    [Fact]
    public async Task What_is_no_table_is_told()
    {
        Assert.Contains("workbook", Assert.Single((await Detect("t.xlsx", "PK\u0003\u0004xx"u8.ToArray())).Problems).Message, StringComparison.Ordinal);
        Assert.Single((await SourceSniffer.DetectAsync(_files.Path("none.csv"), "none.csv")).Problems);
        Assert.Equal(3, Assert.Single((await Detect("t.csv", "a,b\n1,2\n1\n"u8.ToArray())).Problems).Line);
    }

    private async Task<SourceGuess> Detect(string name, byte[] bytes)
    {
        await File.WriteAllBytesAsync(_files.Path(name), bytes);
        return await SourceSniffer.DetectAsync(_files.Path(name), name);
    }
}
