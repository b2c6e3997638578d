namespace Rowmill.Core.Outputs;

/// <summary>A column that an output adds.</summary>
/// <param name="Name">Its name, prefix included.</param>
/// <param name="Holds">What it holds, for messages.</param>
/// <param name="Property">The answer's property it shows; null for the output's own columns.</param>
internal sealed record AddedColumn(string Name, string Holds, string? Property = null);

/// <summary>The columns (or properties) that an output adds to those of the source, by name and in order.</summary>
internal static class OutputColumns
{
    /// <summary>What is added: status, error, then the answer, then the receipt where it is wanted, then the mark of a simulated run.</summary>
    public static IReadOnlyList<AddedColumn> Added(OutputOptions options, IReadOnlyList<string> answerProperties, bool simulated)
    {
        if (options.Kind == OutputKind.None) return [];
        var columns = new List<AddedColumn>
        {
            new(options.Prefix + "status", "the row's status"),
            new(options.Prefix + "error", "the row's error"),
        };
        if (options.Kind == OutputKind.Jsonl) columns.Add(new AddedColumn(options.Prefix + "answer", "the answer"));
        else columns.AddRange(answerProperties.SelectMany(p => Names(options, p).Select(name => new AddedColumn(name, $"'{p}'", p))));
        if (options.Receipt) columns.AddRange(Receipt(options));
        if (simulated) columns.Add(new AddedColumn(options.Prefix + "simulated", "the mark of a simulated run"));
        return columns;
    }

    /// <summary>The word for a status in every output.</summary>
    public static ReadOnlySpan<byte> Word(RowStatus status) => status switch
    {
        RowStatus.Answered => "answered"u8,
        RowStatus.Abstained => "abstained"u8,
        RowStatus.Invalid => "invalid"u8,
        RowStatus.Failed => "failed"u8,
        RowStatus.Pending => "pending"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Unknown status."),
    };

    private static IEnumerable<AddedColumn> Receipt(OutputOptions options) => options.Kind == OutputKind.Jsonl
        ? [new AddedColumn(options.Prefix + "receipt", "the row's receipt")]
        : ReceiptCells.Names.Select(name => new AddedColumn(options.Prefix + name, $"the receipt's '{name}'"));

    private static IEnumerable<string> Names(OutputOptions options, string property) =>
        options.Spread.TryGetValue(property, out var count)
            ? Enumerable.Range(1, count).Select(n => $"{options.Prefix}{property}_{n}")
            : [options.Prefix + property];
}
