using System.Text.Json;

namespace Rowmill.Tests.Cli;

public sealed class MergeCommandTests
{
    [Fact]
    public async Task People_read_what_was_left_out_and_what_was_written()
    {
        await using var folder = await CreateAsync();

        var result = await folder.RunAsync("merge", "a.csv", "b.csv", "-o", "all.csv");

        Assert.Equal(
            $"""
              b.csv:2 is the row of a.csv:3: this one is kept, for it has an answer
              b.csv:3 is the row of a.csv:2: left out
            4 rows of 2 files, 2 duplicates, one of each kept (--keep-duplicates keeps all): 2 written
              output {folder.File("all.csv")}

            """,
            result.Out.ReplaceLineEndings("\n"));
        Assert.Equal((0, ""), (result.Exit, result.Error));
        Assert.Equal("title,ai_status\nOne,answered\nTwo,answered\n", File.ReadAllText(folder.File("all.csv")));
    }

    [Fact]
    public async Task The_document_holds_every_number_and_the_places()
    {
        await using var folder = await CreateAsync();

        var json = (await folder.RunAsync("merge", "a.csv", "b.csv", "--output", "all.csv", "--keep-duplicates", "--key", "title", "--prefix", "ai_", "--json")).Json;

        Assert.Equal(folder.File("all.csv"), json.GetProperty("output").GetString());
        Assert.Equal([(folder.File("a.csv"), 2), (folder.File("b.csv"), 2)], json.GetProperty("files").EnumerateArray().Select(f => (f.GetProperty("path").GetString()!, f.GetProperty("rows").GetInt32())));
        Assert.Equal([4, 4, 2, 0], new[] { "rows", "kept", "duplicates", "replaced" }.Select(n => json.GetProperty(n).GetInt32()));
        var first = json.GetProperty("duplicate_rows")[0];
        Assert.Equal(("b.csv", 2, "a.csv", 3, true), (Text(first, "file"), Number(first, "line"), Text(first, "first_file"), Number(first, "first_line"), first.GetProperty("kept").GetBoolean()));
    }

    [Fact]
    public async Task What_cannot_be_merged_is_exit_2()
    {
        await using var folder = await CreateAsync();
        folder.Write("c.csv", "title,artist\nOne,A\n");

        var wrong = await folder.RunAsync("merge", "a.csv", "c.csv", "-o", "all.csv", "--json");

        Assert.Equal((2, 2), (wrong.Exit, wrong.Json.GetProperty("problems").GetArrayLength()));
        Assert.Contains("error: c.csv: The column 'ai_status' of a.csv is missing here.", wrong.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("all.csv")));
        Assert.Equal(2, (await folder.RunAsync("merge", "a.csv")).Exit);
        Assert.Equal(2, (await folder.RunAsync("merge", "-o", "all.csv")).Exit);
        Assert.Equal(2, (await folder.RunAsync("merge", "a.csv", "b.csv", "-o", "b.csv")).Exit);
    }

    private static async Task<CliFolder> CreateAsync()
    {
        var folder = await CliFolder.CreateAsync();
        folder.Write("a.csv", "title,ai_status\nOne,answered\nTwo,failed\n");
        folder.Write("b.csv", "title,ai_status\nTwo,answered\nOne,answered\n");
        return folder;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
