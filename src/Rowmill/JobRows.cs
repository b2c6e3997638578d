using System.Runtime.CompilerServices;

namespace Rowmill;

/// <summary>A job's name and rows; what is asked of each comes next.</summary>
/// <typeparam name="TRow">
/// A record, a class or a dictionary with string keys. Its public properties are the fields, named in snake_case unless <c>[JsonPropertyName]</c>
/// names them; <c>[JsonIgnore]</c> leaves one out.
/// </typeparam>
public sealed class JobRows<TRow>
    where TRow : notnull
{
    private readonly IEnumerable<TRow>? _inMemory;

    internal JobRows(string name, IAsyncEnumerable<TRow> rows) => (Name, Rows) = (name, rows);

    internal JobRows(string name, IEnumerable<TRow> rows)
        : this(name, Stream(rows))
    {
        if (rows is ICollection<TRow> or IReadOnlyCollection<TRow>) _inMemory = rows;
    }

    internal string Name { get; }

    internal IAsyncEnumerable<TRow> Rows { get; }

    /// <summary>Says what is asked of every row, and what an answer is.</summary>
    /// <typeparam name="TAnswer">
    /// A record or class; the JSON Schema of an answer is derived from it. A nullable property is optional, an enum is one of its labels,
    /// <c>[Description]</c> or the doc comments of the XML file beside the assembly describe it, and the attributes <c>[Range]</c>, <c>[StringLength]</c>,
    /// <c>[Length]</c>, <c>[MinLength]</c>, <c>[MaxLength]</c> and <c>[RegularExpression]</c> bind the model.
    /// </typeparam>
    /// <param name="prompt">The instruction: what to make of a row. It goes into the system message; rows never do.</param>
    public RowmillJob<TRow, TAnswer> Ask<TAnswer>(string prompt)
        where TAnswer : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(prompt);
        return new RowmillJob<TRow, TAnswer>(this, prompt.Trim().ReplaceLineEndings("\n"));
    }

    /// <summary>The rows as they are now, when they are in memory already; null for a stream.</summary>
    internal TRow[]? Snapshot() => _inMemory is null ? null : [.. _inMemory];

    private static async IAsyncEnumerable<TRow> Stream(IEnumerable<TRow> rows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }
}
