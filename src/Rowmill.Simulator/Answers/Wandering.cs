namespace Rowmill.Simulator.Answers;

/// <summary>
/// A model that does not always say the same: drift depends on the company a row is asked in, noise on nothing. Both leave answers
/// that the schema allows, so only a second look finds them.
/// </summary>
internal sealed class Wandering(SimulatorOptions options)
{
    /// <summary>What makes a row's answer another one in this request; 0 when it stays what it is.</summary>
    /// <param name="row">The row.</param>
    /// <param name="rows">How many rows the request holds.</param>
    /// <param name="content">Of the request: the same request drifts the same way.</param>
    /// <param name="chance">Of the request and how often it came before.</param>
    public ulong Salt(AskedRow row, int rows, ulong content, ulong chance)
    {
        // Each has a seed of its own, apart from those of the faults.
        var drift = Mix.With(Mix.With(Mix.With((ulong)options.Seed, "drift"), content), row.Hash);
        if (rows > options.DriftRows && Mix.Unit(drift) < options.DriftRate) return drift | 1;
        var noise = Mix.With(Mix.With(chance, "noise"), row.Hash);
        return Mix.Unit(noise) < options.NoiseRate ? noise | 1 : 0;
    }
}
