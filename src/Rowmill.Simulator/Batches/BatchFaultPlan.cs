namespace Rowmill.Simulator.Batches;

/// <summary>Which fault hits which event: every rule counts the events it could hit. Safe for concurrent use.</summary>
internal sealed class BatchFaultPlan(SimulatorOptions options)
{
    private readonly Lock _gate = new();
    private List<Counted> _rules = Begin(options.Batches.Faults);

    /// <summary>The rules that hold now.</summary>
    public IReadOnlyList<SimulatorBatchFaultRule> Rules
    {
        get
        {
            lock (_gate) return [.. _rules.Select(r => r.Rule)];
        }
    }

    /// <summary>An event that this fault could hit; the rule by which it does, or null.</summary>
    public SimulatorBatchFaultRule? Next(SimulatorBatchFault fault)
    {
        lock (_gate)
        {
            SimulatorBatchFaultRule? hit = null;
            foreach (var counted in _rules)
            {
                if (counted.Rule.Fault != fault) continue;
                counted.Seen++;
                if (counted.Rule.At is null || counted.Rule.At == counted.Seen) hit ??= counted.Rule;
            }

            return hit;
        }
    }

    /// <summary>Lets these rules hold in the place of all others; they count from here.</summary>
    public void Set(IReadOnlyList<SimulatorBatchFaultRule> rules)
    {
        lock (_gate) _rules = Begin(rules);
    }

    public void Reset() => Set(options.Batches.Faults);

    private static List<Counted> Begin(IReadOnlyList<SimulatorBatchFaultRule> rules) => [.. rules.Select(r => new Counted(r))];

    private sealed class Counted(SimulatorBatchFaultRule rule)
    {
        public SimulatorBatchFaultRule Rule => rule;

        public int Seen { get; set; }
    }
}
