using System.Text;
using Rowmill.Core.Rows;

namespace Rowmill.Tests.Rows;

/// <summary>A folder of its own for one test, and short ways to read tables in it.</summary>
internal sealed class RowFiles : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("rowmill-rows-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public SourceOptions Csv(string text) => Csv(Encoding.UTF8.GetBytes(text));

    public SourceOptions Csv(byte[] bytes) => Write("table.csv", SourceKind.Csv, bytes);

    public SourceOptions Jsonl(string text) => Write("table.jsonl", SourceKind.Jsonl, Encoding.UTF8.GetBytes(text));

    public SourceOptions Jsonl(byte[] bytes) => Write("table.jsonl", SourceKind.Jsonl, bytes);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public static async Task<List<Row>> ReadAsync(SourceOptions options)
    {
        var rows = new List<Row>();
        await foreach (var row in RowSources.Open(options).ReadAsync()) rows.Add(row);
        return rows;
    }

    public static async Task<IReadOnlyList<Rowmill.Core.Problem>> ProblemsAsync(SourceOptions options) =>
        (await RowSources.Open(options).ProfileAsync()).Problems;

    public static string[] Cells(Row row) =>
        [.. row.Columns.Names.Select((_, i) => Encoding.UTF8.GetString(row[i]))];

    private SourceOptions Write(string name, SourceKind kind, byte[] bytes)
    {
        File.WriteAllBytes(Path(name), bytes);
        return new SourceOptions { Kind = kind, Path = Path(name), Name = name };
    }
}
