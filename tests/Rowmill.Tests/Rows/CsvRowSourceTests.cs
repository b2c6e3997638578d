using System.Text;
using Rowmill.Core;
using Rowmill.Core.Rows;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Rows;

public sealed class CsvRowSourceTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("\n", "\n")]
    [InlineData("\r\n", "\r\n")]
    [InlineData("\r", "\n")]
    public async Task Quotes_delimiters_and_line_breaks_inside_cells_are_read_under_every_line_end(string end, string newLine)
    {
        var options = _files.Csv($"a,b{end}\"x, \"\"y\"\"\",\"one{end}two\"{end}{end}  {end}ü,{end}");
        var rows = await RowFiles.ReadAsync(options);
        var profile = await RowSources.Open(options).ProfileAsync();

        Assert.Equal([["x, \"y\"", $"one{end}two"], ["ü", ""]], rows.Select(RowFiles.Cells));
        Assert.Equal([2L, 6L], rows.Select(r => r.Line));
        Assert.Equal([0L, 1L], rows.Select(r => r.Index));
        Assert.Empty(profile.Problems);
        Assert.Equal(2, profile.Rows);
        Assert.Equal(["a", "b"], profile.Columns.Names);
        Assert.Equal(newLine, profile.NewLine);
    }

    [Fact]
    public async Task A_header_without_rows_is_no_rows_and_no_problem()
    {
        var profile = await RowSources.Open(_files.Csv("a,b")).ProfileAsync();
        Assert.Equal(0, profile.Rows);
        Assert.Empty(profile.Problems);
    }

    [Fact]
    public async Task A_cell_of_a_megabyte_is_whole()
    {
        var large = new string('ü', 600_000) + "\n\"" + new string('x', 500_000);
        var rows = await RowFiles.ReadAsync(_files.Csv($"a,b\n1,\"{large.Replace("\"", "\"\"")}\"\n2,y\n"));
        Assert.Equal(large, RowFiles.Cells(rows[0])[1]);
        Assert.Equal(4, rows[1].Line);
    }

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16be", true)]
    [InlineData("utf-32", true)]
    [InlineData("utf-16", false)]
    [InlineData("latin1", false)]
    [InlineData("windows-1252", false)]
    [InlineData("ISO_8859-1", false)]
    public async Task A_declared_encoding_is_decoded_and_a_byte_order_mark_is_honoured(string name, bool marked)
    {
        var encoding = TextEncodings.Find(name)!;
        var text = encoding.GetBytes("größe,b\nCafé,é\n");
        var options = _files.Csv(marked ? [.. encoding.GetPreamble(), .. text] : text);
        var rows = await RowFiles.ReadAsync(marked ? options : options with { Encoding = name });
        Assert.Equal(["größe", "b"], rows[0].Columns.Names);
        Assert.Equal(["Café", "é"], RowFiles.Cells(rows[0]));
    }

    [Fact]
    public async Task Short_rows_are_padded_when_the_job_says_so_and_long_ones_never()
    {
        var options = _files.Csv("a,b,c\n1\n1,2,3,4\n") with { PadRagged = true };
        var problem = Assert.Single(await RowFiles.ProblemsAsync(options));
        Assert.Equal(3, problem.Line);

        options = _files.Csv("a,b,c\n1\n,2\n") with { PadRagged = true };
        Assert.Equal([["1", "", ""], ["", "2", ""]], (await RowFiles.ReadAsync(options)).Select(RowFiles.Cells));
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("\uFEFF", 1, "empty")]
    [InlineData("\n\n", 1, "no header")]
    [InlineData("a,b,a\n", 1, "twice, as columns 1 and 3")]
    [InlineData("\na,,c\n", 2, "Column 2 of the header has no name")]
    [InlineData("a,b\n1,2\n1,2,3\n", 3, "has 3 cells, the header has 2")]
    [InlineData("a,b\n\"x\ny\",2\n1\n", 4, "has 1 cell, the header has 2")]
    [InlineData("a,b\n1,2\n\"x,3\n4,5\n", 3, "never closed")]
    [InlineData("a,b\n1,2\n1,x\"y\n", 3, "inside a cell")]
    [InlineData("a,b\n\"x\ny\"z,2\n", 2, "text follows a closing quote")]
    [InlineData("a;b\n1;2\n", 1, "\";\"")]
    [InlineData("a\tb\n1\t2\n", 1, "\\t")]
    [InlineData("sep=;\na;b\n", 1, "hint")]
    [InlineData("a,b\n1,x\0y\n", 2, "NUL")]
    public async Task A_mistake_is_told_with_file_line_and_fix(string text, int line, string part)
    {
        var problem = Assert.Single(await RowFiles.ProblemsAsync(_files.Csv(text)));
        Assert.Equal("table.csv", problem.File);
        Assert.Equal(line, problem.Line);
        Assert.Contains(part, problem.Message + problem.Fix, StringComparison.Ordinal);
        Assert.NotNull(problem.Fix);
    }

    [Fact]
    public async Task Every_mistake_is_found_in_one_pass_up_to_a_bound()
    {
        var text = "a,b,a\n" + string.Concat(Enumerable.Repeat("1,2\n", 30));
        var problems = await RowFiles.ProblemsAsync(_files.Csv(text));
        Assert.Equal(SourceProblems.Bound + 1, problems.Count);
        Assert.Equal([1L, 2L, 3L], problems.Take(3).Select(p => p.Line!.Value));
        Assert.Contains("11 more", problems[^1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xE9 }, "latin1")]
    [InlineData(new byte[] { 0x93, (byte)'x', 0x94 }, "windows-1252")]
    public async Task Bytes_that_are_not_UTF8_are_told_with_line_and_byte_and_likely_encoding(byte[] bytes, string likely)
    {
        var ok = string.Concat(Enumerable.Repeat("1,ü\r\n", 40_000));
        byte[] file = [.. Encoding.UTF8.GetBytes("a,b\r\n" + ok + "2,ab"), .. bytes, .. "\r\n3,"u8, .. bytes, .. "\r\n"u8];
        var problem = Assert.Single(await RowFiles.ProblemsAsync(_files.Csv(file)));
        Assert.Equal(40_002, problem.Line);
        Assert.Contains("at byte 5", problem.Message, StringComparison.Ordinal);
        Assert.Contains("one more line", problem.Message, StringComparison.Ordinal);
        Assert.Contains($"source.encoding: {likely}", problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_character_cut_off_at_the_end_is_not_UTF8()
    {
        var problem = Assert.Single(await RowFiles.ProblemsAsync(_files.Csv([.. "a\nx\ny"u8, 0xC3])));
        Assert.Equal(3, problem.Line);
    }

    [Fact]
    public async Task Characters_that_straddle_reads_are_valid()
    {
        // Every alignment of four-byte characters against the read buffer.
        for (var shift = 0; shift < 4; shift++)
        {
            var text = "a\n" + new string('x', shift) + string.Concat(Enumerable.Repeat("😀", 70_000)) + "\n";
            Assert.Empty(await RowFiles.ProblemsAsync(_files.Csv(text)));
        }
    }

    [Fact]
    public async Task UTF16_that_does_not_say_so_is_recognised()
    {
        var problem = Assert.Single(await RowFiles.ProblemsAsync(_files.Csv(Encoding.Unicode.GetBytes("title,artist\nAdorn,Miguel\n"))));
        Assert.Contains("source.encoding: utf-16", problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_UTF16_is_told_with_its_line()
    {
        byte[] bytes = [.. Encoding.Unicode.GetBytes("a,b\n1,2\n3,"), 0x00, 0xD8, .. Encoding.Unicode.GetBytes("x\n")];
        var problem = Assert.Single(await RowFiles.ProblemsAsync(_files.Csv(bytes) with { Encoding = "utf-16" }));
        Assert.Equal(3, problem.Line);
    }

    [Fact]
    public async Task Files_and_settings_that_cannot_be_are_told()
    {
        var options = _files.Csv("a\n1\n");
        await Tells(options with { Path = _files.Path("none.csv") }, "does not exist");
        await Tells(options with { Path = _files.Path("no/such.csv") }, "does not exist");
        await Tells(options with { Path = _files.Folder }, "folder");
        await Tells(options with { Encoding = "klingon" }, "klingon");
        await Tells(options with { Delimiter = '"' }, "delimiter");

        static async Task Tells(SourceOptions options, string part)
        {
            Assert.Contains(part, Assert.Single(await RowFiles.ProblemsAsync(options)).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<ProblemException>(() => RowFiles.ReadAsync(options));
        }
    }

    [Fact]
    public async Task A_file_this_user_may_not_read_is_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are Unix's.");
        var options = _files.Csv("a\n1\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(options.Path, UnixFileMode.None);
        var problems = new SourceProblems(options.Name);
        await Nobody.RunAsync(() =>
        {
            SourceText.OpenFile(options, problems)?.Dispose();
            return Task.CompletedTask;
        });
        Assert.Contains("permission", Assert.Single(problems.ToList()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_breaks_after_its_profile_stops_the_reading()
    {
        var options = _files.Csv("a,b\n1,2\n3\n");
        Assert.Equal(3, (await Assert.ThrowsAsync<ProblemException>(() => RowFiles.ReadAsync(options))).Problems[0].Line);
    }

    [Fact]
    public void The_stamp_differs_when_the_file_does()
    {
        var source = RowSources.Open(_files.Csv("a\n1\n"));
        var before = source.Stamp();
        Assert.Equal(before, source.Stamp());
        _files.Csv("a\n1\n2\n");
        Assert.NotEqual(before, source.Stamp());
    }
}
