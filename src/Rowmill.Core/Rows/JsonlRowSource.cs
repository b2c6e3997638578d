using System.Runtime.CompilerServices;

namespace Rowmill.Core.Rows;

/// <summary>The rows of a file with one JSON object a line. Every row has the columns of its own object.</summary>
internal sealed class JsonlRowSource(SourceOptions options) : IRowSource
{
    /// <summary>Rows between two looks at the cancellation token.</summary>
    private const int Stride = 1024;

    public string Name => options.Name;

    public string Stamp() => SourceText.Stamp(options.Path);

    public async ValueTask<SourceProfile> ProfileAsync(CancellationToken cancellationToken = default) =>
        await Task.Run(() => Profile(cancellationToken), cancellationToken).ConfigureAwait(false);

    public async IAsyncEnumerable<Row> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var problems = new SourceProblems(options.Name);
        using var records = JsonlRecords.Open(options, problems);
        problems.ThrowIfAny();
        long index = 0;
        while (records!.Read() && problems.Count == 0 && !records.HasFault)
        {
            if (index % Stride == 0) cancellationToken.ThrowIfCancellationRequested();
            yield return records.ToRow(index++);
        }

        records.Finish(index);
        problems.ThrowIfAny();
        await Task.CompletedTask.ConfigureAwait(false);
    }

    private SourceProfile Profile(CancellationToken cancellationToken)
    {
        var stamp = Stamp();
        var problems = new SourceProblems(options.Name);
        using var records = JsonlRecords.Open(options, problems);
        if (records is null) return new SourceProfile(0, new RowColumns([], CellFormat.Json), problems.ToList(), stamp);
        long rows = 0;
        while (records.Read())
        {
            if (rows++ % Stride == 0) cancellationToken.ThrowIfCancellationRequested();
        }

        records.Finish(rows);
        return new SourceProfile(rows, new RowColumns([.. records.Names], CellFormat.Json), problems.ToList(), stamp);
    }
}
