using Rowmill.Core;

namespace Rowmill.Simulator;

/// <summary>What the pretend provider's batches are like. Immutable.</summary>
public sealed record SimulatorBatchOptions
{
    /// <summary>How long a batch takes from its creation to its end, by the simulator's clock.</summary>
    public TimeSpan Takes { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>When a batch is given up, from its creation; null for the provider's own time.</summary>
    public TimeSpan? ExpireAfter { get; init; }

    /// <summary>Prompt tokens of all batches not over yet, of each key and model; null for no limit.</summary>
    public long? EnqueuedTokens { get; init; }

    /// <summary>
    /// True to refuse a batch beyond <see cref="EnqueuedTokens"/> with a 429 when it is created; otherwise OpenAI and Groq create it and let it fail.
    /// Gemini and Anthropic always refuse.
    /// </summary>
    public bool RefusesEnqueued { get; init; }

    /// <summary>Requests in one batch; null for the provider's own limit.</summary>
    public int? MaxLines { get; init; }

    /// <summary>Bytes of one batch's file; null for the provider's own limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>What goes wrong.</summary>
    public IReadOnlyList<SimulatorBatchFaultRule> Faults { get; init; } = [];

    /// <summary>The names a rule may have.</summary>
    public static IReadOnlyList<string> FaultNames => BatchFaultNames.All;

    /// <summary>The same with one more rule, written <c>NAME[=VALUE][:N]</c>.</summary>
    /// <exception cref="ProblemException">It is no rule.</exception>
    public SimulatorBatchOptions With(string fault) => this with { Faults = [.. Faults, SimulatorBatchFaultRule.Parse(fault)] };

    /// <summary>Everything that is wrong with these options.</summary>
    internal IEnumerable<Problem> Problems()
    {
        if (Takes < TimeSpan.Zero) yield return Wrong("batch_seconds", $"{Takes} is negative.");
        if (ExpireAfter < TimeSpan.Zero) yield return Wrong("expire_after", $"{ExpireAfter} is negative.");
        if (EnqueuedTokens < 1) yield return Wrong("enqueued_tokens", $"{EnqueuedTokens} is too small; it must be at least 1.");
        if (MaxLines < 1) yield return Wrong("batch_max_lines", $"{MaxLines} is too small; it must be at least 1.");
        if (MaxBytes < 1) yield return Wrong("batch_max_bytes", $"{MaxBytes} is too small; it must be at least 1.");
        foreach (var rule in Faults)
        {
            if (!Enum.IsDefined(rule.Fault)) yield return Wrong("batch_fault", "It holds an unknown fault.");
            else if (rule.At < 1) yield return Wrong("batch_fault", $"{rule.At} is not a number from 1 on.");
            else if (rule.Amount < 0 || (rule.Fault != SimulatorBatchFault.ListLag && rule.Amount > 1)) yield return Wrong("batch_fault", $"{rule} has no such value.");
        }
    }

    private static Problem Wrong(string key, string message) => new(message) { Key = key };
}
