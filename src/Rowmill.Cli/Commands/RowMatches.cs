using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;

namespace Rowmill.Cli.Commands;

/// <summary>A row that a person means.</summary>
/// <param name="Number">1-based, in the source.</param>
/// <param name="Name">What people call it: the values of its key columns; its id where the job names none.</param>
/// <param name="Verdict">What is known of it.</param>
internal sealed record RowMatch(long Number, string Name, RowVerdict Verdict);

/// <summary>Finds the rows a person means, and keeps what a pass tells of them.</summary>
/// <param name="keyColumns">The job's key columns; empty for none.</param>
/// <param name="text">What the person wrote: a number, a value of the key or of a field, several joined, or an id.</param>
internal sealed class RowMatches(IReadOnlyList<string> keyColumns, string text) : IRowSink
{
    /// <summary>Rows shown of a value that many have: as many as a person reads.</summary>
    public const int MostShown = 100;

    private int _shown;

    /// <summary>The rows found, in the source's order; not more than <see cref="MostShown"/>.</summary>
    public List<RowMatch> Rows { get; } = [];

    /// <summary>Rows the person means as well, and that are not shown.</summary>
    public long More { get; private set; }

    /// <summary>Whether this row, seen for the first time, is to be shown.</summary>
    public bool Takes(Row row, RowKey key)
    {
        if (!IsMeant(row, key)) return false;
        if (_shown < MostShown)
        {
            _shown++;
            return true;
        }

        More++;
        return false;
    }

    private bool IsMeant(Row row, RowKey key)
    {
        if (text == Number(row).ToString(CultureInfo.InvariantCulture) || text == key.ToString()) return true;
        var cells = Cells(row, keyColumns.Count > 0 ? keyColumns : row.Columns.Names);
        return cells.Contains(text) || text == string.Join(", ", cells) || text == string.Join("|", cells);
    }

    public ValueTask WriteAsync(Row row, RowVerdict verdict, CancellationToken cancellationToken = default)
    {
        var name = keyColumns.Count > 0 ? string.Join(", ", Cells(row, keyColumns)) : verdict.Key.ToString();
        Rows.Add(new RowMatch(Number(row), name, verdict));
        return default;
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => default;

    public ValueTask DisposeAsync() => default;

    private static long Number(Row row) => row.Index + 1;

    private static List<string> Cells(Row row, IReadOnlyList<string> columns) =>
        [.. columns.Select(row.Columns.IndexOf).Where(c => c >= 0).Select(c => Text(row, c))];

    private static string Text(Row row, int column) =>
        row.Columns.Format == CellFormat.Json && row[column] is [(byte)'"', ..]
            ? JsonSerializer.Deserialize<string>(row[column])! : Encoding.UTF8.GetString(row[column]);
}
