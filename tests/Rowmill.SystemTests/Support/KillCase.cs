using Rowmill.Core.Runs;
using Rowmill.KillKit;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>What ends a process.</summary>
internal enum KillKind
{
    /// <summary><c>kill -9</c>: what was written stays.</summary>
    Kill,

    /// <summary>A power cut: what was written since the last fsync is gone.</summary>
    Power,

    /// <summary>A power cut in the middle of the disk's work: some of that is there, the last write of it torn.</summary>
    PowerTorn,
}

/// <summary>One kill.</summary>
/// <param name="Kind">What ends the process.</param>
/// <param name="Moment">The moment at which it kills itself; null when the parent kills it.</param>
/// <param name="Ended">The parent kills it when the simulator has answered so many of its requests.</param>
internal sealed record KillStroke(KillKind Kind, KillMoment? Moment, int Ended = 0)
{
    /// <summary>The name of its moment, for the figures.</summary>
    public string Where => Moment is null ? "a request ended" : Moment.Microseconds > 0 && Enum.TryParse<Transition>(Moment.What, out _) ? $"after {Moment.What}" : Moment.What;

    public override string ToString() => $"{Kind} at {Moment?.ToString() ?? $"{Ended} requests ended"}";
}

/// <summary>A job, a simulator that goes wrong in its way, and the kills on the job's way to its end.</summary>
internal sealed record KillCase(int Number)
{
    public int Rows { get; init; } = 120;

    public int Pack { get; init; } = 5;

    public int Concurrency { get; init; } = 4;

    /// <summary>How the simulator goes wrong, in a word.</summary>
    public string Fault { get; init; } = "none";

    /// <summary>The faults of its first requests, over all killed runs.</summary>
    public IReadOnlyList<SimulatorFault> Script { get; init; } = [];

    /// <summary>A title that gets no answer from anybody; null for none.</summary>
    public string? Poison { get; init; }

    /// <summary>How long a request takes, and up to as much again.</summary>
    public TimeSpan Latency { get; init; }

    public required IReadOnlyList<KillStroke> Strokes { get; init; }

    public override string ToString() =>
        $"case {Number}: {Rows} rows, pack {Pack}, concurrency {Concurrency}, fault {Fault}, latency {Latency.TotalMilliseconds:0} ms, {string.Join(", then ", Strokes)}";
}
