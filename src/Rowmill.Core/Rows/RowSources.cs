namespace Rowmill.Core.Rows;

/// <summary>Opens the sources this version reads.</summary>
public static class RowSources
{
    /// <summary>The source that the options describe. Nothing is read yet: what is wrong with it is in its profile.</summary>
    public static IRowSource Open(SourceOptions options) => options.Kind switch
    {
        SourceKind.Csv => new RecordSource(options, CellFormat.Text, CsvRecords.Open),
        SourceKind.Jsonl => new RecordSource(options, CellFormat.Json, JsonlRecords.Open),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "Unknown kind of source."),
    };
}
