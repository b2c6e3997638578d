using Rowmill.Core.Questions;

namespace Rowmill.Providers.Chat;

/// <summary>What a service's refusals have taught of the fields that one model takes. Immutable.</summary>
internal sealed record WireHabits
{
    /// <summary>Nothing learned.</summary>
    public static WireHabits None { get; } = new();

    /// <summary>True when the output limit goes under its other name.</summary>
    public bool OtherLimitName { get; init; }

    /// <summary>True when the model takes no system message: its words stand at the beginning of the user's.</summary>
    public bool SystemInUser { get; init; }

    /// <summary>True when the model chooses itself how much it thinks, and takes an effort instead of a number of tokens.</summary>
    public bool AdaptiveThinking { get; init; }

    /// <summary>Sampling options that the model refused, by their job-file names; they are left out.</summary>
    public Refusable LeftOut { get; init; }

    /// <summary>The least room for prompt and reply that a request sets aside; 0 for what it needs.</summary>
    public int LeastContext { get; init; }

    /// <summary>The sampling options that are still sent.</summary>
    public SamplingOptions Sent(SamplingOptions sampling) => LeftOut == Refusable.None ? sampling : sampling with
    {
        Temperature = LeftOut.HasFlag(Refusable.Temperature) ? null : sampling.Temperature,
        TopP = LeftOut.HasFlag(Refusable.TopP) ? null : sampling.TopP,
        Seed = LeftOut.HasFlag(Refusable.Seed) ? null : sampling.Seed,
        ReasoningEffort = LeftOut.HasFlag(Refusable.ReasoningEffort) ? null : sampling.ReasoningEffort,
    };

    /// <summary>The habits once an option was refused; null when a request with this sampling would be no different.</summary>
    public WireHabits? Without(Refusable option, SamplingOptions sampling)
    {
        var taught = this with { LeftOut = LeftOut | option };
        return taught.Sent(sampling) == Sent(sampling) ? null : taught;
    }

    /// <summary>The options of a job that are not sent, by their job-file names.</summary>
    public IEnumerable<string> Unsent(SamplingOptions sampling)
    {
        var sent = Sent(sampling);
        if (sent.Temperature != sampling.Temperature) yield return "temperature";
        if (sent.TopP != sampling.TopP) yield return "top_p";
        if (sent.Seed != sampling.Seed) yield return "seed";
        if (sent.ReasoningEffort != sampling.ReasoningEffort) yield return "reasoning_effort";
    }

    /// <summary>The option of a parameter's name in any service's spelling; null for any other.</summary>
    public static Refusable? Option(string? name) => name switch
    {
        "temperature" => Refusable.Temperature,
        "top_p" or "topP" => Refusable.TopP,
        "seed" => Refusable.Seed,
        "reasoning_effort" or "reasoning.effort" => Refusable.ReasoningEffort,
        _ => null,
    };
}

/// <summary>Sampling options that some models refuse.</summary>
[Flags]
internal enum Refusable
{
    None = 0,
    Temperature = 1,
    TopP = 2,
    Seed = 4,
    ReasoningEffort = 8,
}
