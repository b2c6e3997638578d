using Rowmill.Core.Rows;

namespace Rowmill.Core.Quality;

/// <summary>Rows in memory as a source, in the order given.</summary>
internal sealed class RowList(string name, IReadOnlyList<Row> rows, RowColumns columns) : IRowSource
{
    public string Name => name;

    /// <summary>What <see cref="ProfileAsync"/> finds.</summary>
    public SourceProfile Profile { get; } = new(rows.Count, columns, [], "");

    public ValueTask<SourceProfile> ProfileAsync(CancellationToken cancellationToken = default) => new(Profile);

    public async IAsyncEnumerable<Row> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    public string Stamp() => "";
}
