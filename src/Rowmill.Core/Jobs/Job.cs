using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Questions;
using Rowmill.Core.Rows;

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

    /// <summary>How it goes through batch APIs.</summary>
    public BatchOptions Batch { get; init; } = BatchOptions.Default;

    /// <summary>Where labelled rows go.</summary>
    public required OutputOptions Output { get; init; }

    /// <summary>The job file, as the person named it; null for a job made in code.</summary>
    public string? File { get; init; }

    /// <summary>Absolute folder that relative paths start from.</summary>
    public required string Directory { get; init; }

    /// <summary>1-based lines of the job file by key path (<c>source.fields[2]</c>, <c>output.prefix</c>), for later checks; empty for a job made in code.</summary>
    public IReadOnlyDictionary<string, int> Lines { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>A problem with the job's file and the line of its key, or of the nearest key above it.</summary>
    public Problem Locate(Problem problem) => JobLines.Locate(this, problem);
}

/// <summary>How routes are used.</summary>
public enum Routing
{
    /// <summary>The first, then the next when it cannot go on.</summary>
    Order,

    /// <summary>Side by side.</summary>
    Spread,
}
