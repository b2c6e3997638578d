using System.Runtime.CompilerServices;

namespace Rowmill.Core.Rows;

/// <summary>The rows of a file of records.</summary>
/// <param name="options">The file.</param>
/// <param name="format">What its cells are.</param>
/// <param name="open">Begins a pass; null when the file cannot be opened, for a reason that is then among the problems.</param>
internal sealed class RecordSource(SourceOptions options, CellFormat format, Func<SourceOptions, SourceProblems, IRecords?> open) : IRowSource
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
        using var records = open(options, problems);
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
        using var records = open(options, problems);
        if (records is null) return new SourceProfile(0, new RowColumns([], format), problems.ToList(), stamp);
        long rows = 0;
        while (records.Read())
        {
            if (rows++ % Stride == 0) cancellationToken.ThrowIfCancellationRequested();
        }

        records.Finish(rows);
        var profile = new SourceProfile(rows, records.Columns, problems.ToList(), stamp);
        return records.NewLine is { } newLine ? profile with { NewLine = newLine } : profile;
    }
}
