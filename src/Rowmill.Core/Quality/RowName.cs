using Rowmill.Core.Rows;

namespace Rowmill.Core.Quality;

/// <summary>What people call a row.</summary>
internal static class RowName
{
    /// <summary>The cells of the key's columns; without a key the first field that is not blank.</summary>
    public static string Of(Row row, SourceOptions source)
    {
        var columns = source.Key.Count > 0 ? source.Key : source.Fields.Count > 0 ? source.Fields : row.Columns.Names;
        var cells = columns.Select(row.Columns.IndexOf).Where(c => c >= 0).Select(c => CellText.Read(row[c], row.Columns.Format)).Where(c => !string.IsNullOrWhiteSpace(c));
        return string.Join(", ", source.Key.Count > 0 ? cells : cells.Take(1));
    }
}
