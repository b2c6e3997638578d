namespace Rowmill.Core.Outputs;

/// <summary>The columns (or properties) that an output adds to those of the source, by name and in order.</summary>
internal static class OutputColumns
{
    /// <summary>What is added: status, error, then the answer, then the mark of a simulated run.</summary>
    public static IReadOnlyList<string> Added(OutputOptions options, IReadOnlyList<string> answerProperties, bool simulated)
    {
        var names = new List<string> { options.Prefix + "status", options.Prefix + "error" };
        if (options.Kind == OutputKind.Jsonl) names.Add(options.Prefix + "answer");
        else
        {
            foreach (var property in answerProperties)
            {
                if (!options.Spread.TryGetValue(property, out var columns)) names.Add(options.Prefix + property);
                else for (var i = 1; i <= columns; i++) names.Add($"{options.Prefix}{property}_{i}");
            }
        }

        if (simulated) names.Add(options.Prefix + "simulated");
        return names;
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
}
