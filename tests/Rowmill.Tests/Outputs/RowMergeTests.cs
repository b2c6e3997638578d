using System.Text;
using Rowmill.Core;
using Rowmill.Core.Outputs;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Outputs;

public sealed class RowMergeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rows_of_all_files_come_in_order_under_one_header()
    {
        Write("a.csv", "title,ai_status\nOne,answered\nTwo,failed\n");
        Write("b.csv", "title,ai_status\nThree,answered\n");

        var report = await MergeAsync("a.csv", "b.csv");

        Assert.Equal("title,ai_status\nOne,answered\nTwo,failed\nThree,answered\n", Read());
        Assert.Equal((3, 3, 0, 0), (report.Rows, report.Kept, report.Duplicates, report.Replaced));
        Assert.Equal([("a.csv", 2L), ("b.csv", 1L)], report.Files.Select(f => (f.Input.Name, f.Rows)));
        Assert.Empty(report.Listed);
    }

    [Fact]
    public async Task Of_equal_rows_the_first_with_an_answer_is_kept_where_the_first_of_them_stands()
    {
        Write("a.csv", "title,ai_status,ai_label\nOne,failed,\nTwo,answered,Good\nThree,pending,\nFour,failed,\n");
        Write("b.csv", "title,ai_status,ai_label\nFour,invalid,\nThree,abstained,\nTwo,answered,Poor\nOne,answered,Poor\nFive,failed,\n");
        Write("c.csv", "title,ai_status,ai_label\nOne,answered,Good\nFive,answered,Good\n");

        var report = await MergeAsync("a.csv", "b.csv", "c.csv");

        Assert.Equal("title,ai_status,ai_label\nOne,answered,Poor\nTwo,answered,Good\nThree,abstained,\nFour,failed,\nFive,answered,Good\n", Read());
        Assert.Equal((11, 5, 6, 3), (report.Rows, report.Kept, report.Duplicates, report.Replaced));
        Assert.Equal(
            [
                "b.csv:2 a.csv:5 False", "b.csv:3 a.csv:4 True", "b.csv:4 a.csv:3 False",
                "b.csv:5 a.csv:2 True", "c.csv:2 a.csv:2 False", "c.csv:3 b.csv:6 True",
            ],
            report.Listed.Select(d => $"{d.Place.File}:{d.Place.Line} {d.First.File}:{d.First.Line} {d.Kept}"));
    }

    [Fact]
    public async Task Every_row_is_kept_when_that_is_wanted_and_equal_ones_are_told_all_the_same()
    {
        Write("a.csv", "title,ai_status\nOne,failed\nTwo,answered\n");
        Write("b.csv", "title,ai_status\nOne,answered\nOne,answered\n");

        var report = await RowMerge.RunAsync(Options("a.csv", "b.csv") with { KeepDuplicates = true });

        Assert.Equal("title,ai_status\nOne,failed\nTwo,answered\nOne,answered\nOne,answered\n", Read());
        Assert.Equal((4, 2, 0), (report.Kept, report.Duplicates, report.Replaced));
        Assert.Equal([(2L, 2L, true), (3L, 2L, true)], report.Listed.Select(d => (d.Place.Line, d.First.Line, d.Kept)));
    }

    [Theory]
    [InlineData("year", "title,year,ai_status\nOne,1,failed\nTwo,2,failed\n", 2)]
    [InlineData("title, year", "title,year,ai_status\nOne,1,failed\nTwo,1,failed\nTwo,2,failed\n", 1)]
    [InlineData("ai_status", "title,year,ai_status\nOne,1,failed\n", 3)]
    public async Task The_columns_given_tell_rows_apart(string key, string kept, int duplicates)
    {
        Write("a.csv", "title,year,ai_status\nOne,1,failed\nTwo,1,failed\nTwo,2,failed\nTwo,2,failed\n");

        var report = await RowMerge.RunAsync(Options("a.csv") with { Key = [key] });

        Assert.Equal(kept, Read());
        Assert.Equal(duplicates, report.Duplicates);
    }

    [Fact]
    public async Task A_column_whose_name_holds_a_comma_may_be_a_key()
    {
        Write("a.csv", "\"last, first\",year\n\"a, b\",1\n\"a, b\",2\n");

        Assert.Equal(1, (await RowMerge.RunAsync(Options("a.csv") with { Key = ["last, first"] })).Duplicates);
    }

    [Fact]
    public async Task Another_prefix_parts_the_source_from_what_a_run_added()
    {
        Write("a.csv", "title,ai_note,x_status\nOne,n,failed\n");
        Write("b.csv", "title,ai_note,x_status\nOne,n,answered\nOne,m,answered\n");

        var report = await RowMerge.RunAsync(Options("a.csv", "b.csv") with { Prefix = "x_" });

        Assert.Equal("title,ai_note,x_status\nOne,n,answered\nOne,m,answered\n", Read());
        Assert.Equal(1, report.Replaced);
    }

    [Fact]
    public async Task Quotes_and_line_breaks_in_cells_come_through_and_lines_are_told_right()
    {
        const string Header = "title,ai_status\r\n";
        Write("a.csv", Header + "\"say \"\"One\"\"\nand, two\",failed\r\n\" padded \",answered\r\n");
        Write("b.csv", Header + "\"say \"\"One\"\"\nand, two\",answered\r\nLast,answered\r\n");

        var report = await MergeAsync("a.csv", "b.csv");

        Assert.Equal(Header + "\"say \"\"One\"\"\nand, two\",answered\r\n padded ,answered\r\nLast,answered\r\n", Read());
        Assert.Equal(("b.csv", 2L, "a.csv", 2L), Assert.Single(report.Listed) is var d ? (d.Place.File, d.Place.Line, d.First.File, d.First.Line) : default);
    }

    [Fact]
    public async Task Delimiters_encodings_and_byte_order_marks_of_each_file_are_its_own_and_the_first_one_s_form_is_written()
    {
        Write("a.csv", "\uFEFFtitle;ai_status\r\nDéjà;answered\r\n");
        File.WriteAllBytes(_folder.File("b.csv"), Encoding.Latin1.GetBytes("title,ai_status\nDéjà,failed\nCafé;2,failed\n"));
        File.WriteAllBytes(_folder.File("c.csv"), [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("ai_status\ttitle\nanswered\tCafé;2\n")]);

        var report = await MergeAsync("a.csv", "b.csv", "c.csv");

        Assert.Equal("\uFEFFtitle;ai_status\r\nDéjà;answered\r\n\"Café;2\";answered\r\n", Encoding.UTF8.GetString(File.ReadAllBytes(_folder.File("out"))));
        Assert.Equal((2, 1), (report.Duplicates, report.Replaced));
    }

    [Fact]
    public async Task A_header_without_rows_adds_none()
    {
        Write("a.csv", "title,ai_status\n");
        Write("b.csv", "title,ai_status\nOne,answered\n");

        Assert.Equal([0L, 1], (await MergeAsync("a.csv", "b.csv")).Files.Select(f => f.Rows));
        Assert.Equal("title,ai_status\nOne,answered\n", Read());
        Assert.Equal(0, (await MergeAsync("a.csv", "a.csv")).Kept);
        Assert.Equal("title,ai_status\n", Read());
    }

    [Fact]
    public async Task Json_lines_keep_their_properties_in_order_and_as_they_were_written()
    {
        Write("a.jsonl", """
            {"n": 1.50, "t":"Caf\u00e9","ai_status":"failed","ai_answer":null}
            {"t":"Two","n":2,"ai_status":"answered","ai_answer":{"a": [1, 2]}}

            """);
        Write("b.jsonl", "{\"n\":1.50,\"t\":\"Caf\u00e9\",\"ai_status\":\"answered\",\"ai_answer\":{\"a\":[]}}\n{\"t\":\"Two\",\"n\":2,\"ai_status\":\"abstained\",\"ai_answer\":null}");
        Write("none.jsonl", "");

        var report = await MergeAsync("none.jsonl", "a.jsonl", "b.jsonl");

        Assert.Equal(
            "{\"n\":1.50,\"t\":\"Café\",\"ai_status\":\"answered\",\"ai_answer\":{\"a\":[]}}\n{\"t\":\"Two\",\"n\":2,\"ai_status\":\"answered\",\"ai_answer\":{\"a\": [1, 2]}}\n",
            Read());
        Assert.Equal((4, 2, 2, 1), (report.Rows, report.Kept, report.Duplicates, report.Replaced));
        Assert.Equal(0, (await MergeAsync("none.jsonl", "none.jsonl")).Rows);
        Assert.Equal("", Read());
    }

    [Theory]
    [InlineData("title,ai_status\nOne,failed\n", "title,artist\nOne,A\n", "b.csv: The column 'ai_status' of a.csv is missing here.", "b.csv: The column 'artist' is not in a.csv.")]
    [InlineData("title,ai_status\nOne,failed\n", "title,ai_status\nOne\n", "b.csv:2: The row has 1 cell, the header has 2.")]
    [InlineData("ai_a,ai_b\n1,2\n", "ai_a,ai_b\n1,2\n", "Every column begins with 'ai_', so nothing tells rows apart.")]
    public async Task Files_that_do_not_fit_are_told_with_their_column_or_line_and_nothing_is_written(string a, string b, params string[] told)
    {
        Write("a.csv", a);
        Write("b.csv", b);
        File.WriteAllText(_folder.File("out"), "as it was");

        var e = await Assert.ThrowsAsync<ProblemException>(() => MergeAsync("a.csv", "b.csv"));

        Assert.Equal(told.Length, e.Problems.Count);
        foreach (var (problem, text) in e.Problems.Zip(told)) Assert.StartsWith(text, problem.ToString(), StringComparison.Ordinal);
        Assert.Equal("as it was", Read());
        Assert.Equal(3, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public async Task Kinds_are_not_mixed_and_the_output_has_their_ending()
    {
        Write("a.csv", "title\nOne\n");
        Write("b.jsonl", "{\"title\":\"One\"}\n");

        Assert.StartsWith("b.jsonl: This is JSONL, and a.csv is CSV.", await WrongAsync(Options("a.csv", "b.jsonl")), StringComparison.Ordinal);
        Assert.Contains("ends as JSONL does, and the files are CSV", await WrongAsync(Options("a.csv") with { Output = _folder.File("out.jsonl") }), StringComparison.Ordinal);
        Assert.StartsWith("--key: There is no column 'titel'. Did you mean 'title'?", await WrongAsync(Options("a.csv") with { Key = ["titel"] }), StringComparison.Ordinal);
        Assert.StartsWith("never.csv: ", await WrongAsync(Options("a.csv", "never.csv")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_is_never_overwritten_under_whatever_name()
    {
        Write("a.csv", "title\nOne\n");
        Write("b.csv", "title\nTwo\n");
        File.CreateSymbolicLink(_folder.File("link.csv"), _folder.File("b.csv"));

        Assert.StartsWith("b.csv: --output: The output would overwrite this file.", await WrongAsync(Options("a.csv", "b.csv") with { Output = _folder.File("link.csv") }), StringComparison.Ordinal);
        Assert.StartsWith("a.csv: --output: ", await WrongAsync(Options("a.csv", "b.csv") with { Output = _folder.File("../" + Path.GetFileName(_folder.Path) + "/a.csv") }), StringComparison.Ordinal);
        Assert.Equal("title\nTwo\n", File.ReadAllText(_folder.File("b.csv")));
    }

    [Fact]
    public async Task Only_the_first_duplicates_are_told_with_their_places_and_all_are_counted()
    {
        Write("a.csv", "title,ai_status\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"{i},failed\n")));
        Write("b.csv", "title,ai_status\n" + string.Concat(Enumerable.Range(0, 300).Reverse().Select(i => $"{i},answered\n")));

        var report = await MergeAsync("a.csv", "b.csv");

        Assert.Equal((300, 300, 300), (report.Kept, report.Duplicates, report.Replaced));
        Assert.Equal(Enumerable.Range(0, RowMerge.Listed).Select(i => ((long)i + 2, 301L - i)), report.Listed.Select(d => (d.Place.Line, d.First.Line)));
        Assert.Equal("title,ai_status\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"{i},answered\n")), Read());
    }

    private void Write(string name, string text) => File.WriteAllText(_folder.File(name), text);

    private string Read() => File.ReadAllText(_folder.File("out"));

    private MergeOptions Options(params string[] names) => new()
    {
        Inputs = [.. names.Select(n => new MergeInput(_folder.File(n), n))],
        Output = _folder.File("out"),
    };

    private Task<MergeReport> MergeAsync(params string[] names) => RowMerge.RunAsync(Options(names));

    private static async Task<string> WrongAsync(MergeOptions options) =>
        (await Assert.ThrowsAsync<ProblemException>(() => RowMerge.RunAsync(options))).Problems[0].ToString();
}
