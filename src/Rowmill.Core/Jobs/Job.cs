using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Jobs;

/// <summary>What the user wants: source, question, models, output. Its identity is its name within a store.</summary>
public sealed record Job
{
    /// <summary>The job's name.</summary>
    public required string Name { get; init; }

    /// <summary>Where rows come from.</summary>
    public required SourceOptions Source { get; init; }

    /// <summary>What is asked of every row: prompt, schema, abstaining, sampling.</summary>
    public required Question Question { get; init; }

    /// <summary>The most rows in a request; null for automatic.</summary>
    public int? PackRows { get; init; }

    /// <summary>Keep neighbours together.</summary>
    public bool Contiguous { get; init; }

    /// <summary>Equal rows are asked once.</summary>
    public bool Dedupe { get; init; } = true;

    /// <summary>Routes in order of preference, at least one.</summary>
    public required IReadOnlyList<Route> Routes { get; init; }

    /// <summary>How routes are used.</summary>
    public Routing Routing { get; init; } = Routing.Order;

    /// <summary>How long to wait for a limit before another route is used or the run stops.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The most this job may cost over all its runs, in USD; null for no bound.</summary>
    public decimal? BudgetUsd { get; init; }

    /// <summary>Where labelled rows go.</summary>
    public required OutputOptions Output { get; init; }

    /// <summary>The job file, as the person named it; null for a job made in code.</summary>
    public string? File { get; init; }

    /// <summary>Absolute folder that relative paths start from.</summary>
    public required string Directory { get; init; }

    /// <summary>1-based lines of the job file by key path (<c>source.fields[2]</c>, <c>output.prefix</c>), for later checks; empty for a job made in code.</summary>
    public IReadOnlyDictionary<string, int> Lines { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);
}

/// <summary>How routes are used.</summary>
public enum Routing
{
    /// <summary>The first, then the next when it cannot go on.</summary>
    Order,

    /// <summary>Side by side.</summary>
    Spread,
}

/// <summary>The kinds of source this version reads.</summary>
public enum SourceKind
{
    /// <summary>A CSV file.</summary>
    Csv,

    /// <summary>A file with one JSON object a line.</summary>
    Jsonl,
}

/// <summary>The job's <c>source</c>.</summary>
public sealed record SourceOptions
{
    /// <summary>The kind of source.</summary>
    public required SourceKind Kind { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>The path as the job file gives it, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>CSV delimiter, one ASCII character.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>Encoding name; UTF-8 by default, a byte order mark is honoured.</summary>
    public string Encoding { get; init; } = "utf-8";

    /// <summary>True when short rows are padded with empty cells.</summary>
    public bool PadRagged { get; init; }

    /// <summary>Columns that name a row for people; empty for the row's content.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>Columns the model sees, in this order; empty for every column.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Columns that must not be blank, NULL or #REF!.</summary>
    public IReadOnlyList<string> Require { get; init; } = [];
}

/// <summary>The kinds of output this version writes.</summary>
public enum OutputKind
{
    /// <summary>CSV.</summary>
    Csv,

    /// <summary>One JSON object a line.</summary>
    Jsonl,
}

/// <summary>The job's <c>output</c>.</summary>
public sealed record OutputOptions
{
    /// <summary>The kind of output.</summary>
    public required OutputKind Kind { get; init; }

    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>What the added columns begin with.</summary>
    public string Prefix { get; init; } = "ai_";

    /// <summary>CSV: begin with a byte order mark, for Excel.</summary>
    public bool Bom { get; init; }

    /// <summary>CSV: answer arrays spread over this many numbered columns each.</summary>
    public IReadOnlyDictionary<string, int> Spread { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);
}
