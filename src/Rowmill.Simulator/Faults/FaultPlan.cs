using System.Runtime.InteropServices;
using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Faults;

/// <summary>
/// Which fault hits which request. Scripted faults go by order of arrival; rated ones by the request's content and how often it
/// came before, so that they do not depend on the order in which parallel requests happen to arrive. Safe for concurrent use.
/// </summary>
internal sealed class FaultPlan(SimulatorOptions options)
{
    /// <summary>So many different requests are told apart; then counting their repeats begins anew, so that memory stays bounded.</summary>
    private const int MaxSeen = 1_000_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, int> _seen = [];
    private long _accepted;

    /// <summary>The fault of the next request, and a number for all further chance about it.</summary>
    public (SimulatorFault Fault, ulong Chance) Next(ulong content)
    {
        lock (_gate)
        {
            if (_seen.Count >= MaxSeen) _seen.Clear();
            var occurrence = options.Faults.Count == 0 && options.NoiseRate == 0 ? 0 : CollectionsMarshal.GetValueRefOrAddDefault(_seen, content, out _)++;
            var chance = Mix.With(Mix.With((ulong)options.Seed, content), (ulong)occurrence);
            var index = _accepted++;
            return index < options.Script.Count ? (options.Script[(int)index], chance) : (Draw(Mix.Unit(chance)), chance);
        }
    }

    public void Reset()
    {
        lock (_gate)
        {
            _seen.Clear();
            _accepted = 0;
        }
    }

    private SimulatorFault Draw(double at)
    {
        foreach (var (fault, rate) in options.Faults)
        {
            at -= rate;
            if (at < 0) return fault;
        }

        return SimulatorFault.None;
    }
}
