using System.Globalization;
using System.Text;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>Outputs of any length made into one, in the same memory.</summary>
public sealed class MergeTests
{
    /// <summary>The most memory the program may have for its data, in bytes as the runtime wants them written: 16 MB. The rows alone take many times that.</summary>
    private const string MostMemory = "1000000";

    private static int Rows => Environment.GetEnvironmentVariable("ROWMILL_LONG") is null or "" ? 100_000 : 1_000_000;

    [Fact]
    public async Task Long_outputs_are_merged_in_little_memory_with_every_row_once_and_in_order()
    {
        await using var shop = new Workshop();
        var third = Rows / 3;
        await WriteAsync(shop.PathOf("a.csv"), Enumerable.Range(0, 2 * third), row => row % 3 == 0 ? "failed," : "answered,a");
        await WriteAsync(shop.PathOf("b.csv"), Enumerable.Range(third, Rows - third).Reverse(), _ => "answered,b");
        shop.Variables["DOTNET_GCHeapHardLimit"] = MostMemory;

        var report = (await shop.RunAsync("merge", "a.csv", "b.csv", "-o", "all.csv", "--json")).Ended(0).Document();

        Assert.Equal(2 * third + (Rows - third), report.GetProperty("rows").GetInt32());
        Assert.Equal((Rows, third), (report.GetProperty("kept").GetInt32(), report.GetProperty("duplicates").GetInt32()));
        Assert.Equal(Enumerable.Range(third, third).Count(row => row % 3 == 0), report.GetProperty("replaced").GetInt32());
        using var lines = File.ReadLines(shop.PathOf("all.csv")).GetEnumerator();
        Assert.True(lines.MoveNext());
        foreach (var row in Enumerable.Range(0, 2 * third).Concat(Enumerable.Range(2 * third, Rows - (2 * third)).Reverse()))
        {
            var end = row >= 2 * third || (row >= third && row % 3 == 0) ? "answered,b" : row % 3 == 0 ? "failed," : "answered,a";
            if (!lines.MoveNext() || lines.Current != Line(row, end)) Assert.Fail($"row {row} is {lines.Current}");
        }

        Assert.False(lines.MoveNext());
    }

    private static async Task WriteAsync(string path, IEnumerable<int> rows, Func<int, string> end)
    {
        await using var file = new StreamWriter(path, append: false, new UTF8Encoding(false));
        await file.WriteAsync("title,artist,ai_status,ai_label\n");
        foreach (var row in rows) await file.WriteAsync(Line(row, end(row)) + "\n");
    }

    private static string Line(int row, string end) =>
        string.Create(CultureInfo.InvariantCulture, $"Song number {row} of a long table of songs,\"Artist, {row % 977}\",{end}");
}
