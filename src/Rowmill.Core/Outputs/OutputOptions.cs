namespace Rowmill.Core.Outputs;

/// <summary>The kinds of output this version writes.</summary>
public enum OutputKind
{
    /// <summary>CSV.</summary>
    Csv,

    /// <summary>One JSON object a line.</summary>
    Jsonl,

    /// <summary>No file: what is known of the rows is read from the store.</summary>
    None,
}

/// <summary>The job's <c>output</c>.</summary>
public sealed record OutputOptions
{
    /// <summary>The output of a job made in code that writes no file.</summary>
    public static OutputOptions None { get; } = new() { Kind = OutputKind.None, Path = "" };

    /// <summary>The kind of output.</summary>
    public required OutputKind Kind { get; init; }

    /// <summary>Absolute path; empty where no file is written.</summary>
    public required string Path { get; init; }

    /// <summary>What the added columns begin with.</summary>
    public string Prefix { get; init; } = "ai_";

    /// <summary>CSV: begin with a byte order mark, for Excel.</summary>
    public bool Bom { get; init; }

    /// <summary>Add every row's receipt after its answer.</summary>
    public bool Receipt { get; init; }

    /// <summary>CSV: answer arrays spread over this many numbered columns each.</summary>
    public IReadOnlyDictionary<string, int> Spread { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);
}
