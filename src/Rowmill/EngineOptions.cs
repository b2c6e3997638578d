using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;

namespace Rowmill;

/// <summary>Where an engine keeps things, and what it takes from outside.</summary>
public sealed record EngineOptions
{
    /// <summary>Absolute path of the SQLite file for jobs, answers, calls and events.</summary>
    public required string StorePath { get; init; }

    /// <summary>Absolute path of the SQLite file for the limits' usage; null for the user's own.</summary>
    public string? LimitsPath { get; init; }

    /// <summary>Reads an environment variable: keys come from nowhere else.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Chance, from 0 up to 1, for jitter and run ids.</summary>
    public required Func<double> Chance { get; init; }

    /// <summary>See <see cref="RunEnvironment.Passed"/>.</summary>
    public Action<Transition>? Passed { get; init; }

    /// <summary>The store of a job that names none: <c>.rowmill/rowmill.db</c> beside the job file.</summary>
    public static string DefaultStorePath(Job job) => Path.Combine(job.Directory, ".rowmill", "rowmill.db");
}
