using System.Text.Json.Nodes;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Batches;

/// <summary>The faults that one batch was born with.</summary>
internal sealed class BatchFaults(IReadOnlyDictionary<SimulatorBatchFault, double> faults)
{
    /// <summary>True when nothing of it is ever delivered.</summary>
    public bool Withholds => Has(SimulatorBatchFault.NoOutput) || Has(SimulatorBatchFault.ExpiredEmpty);

    public bool Has(SimulatorBatchFault fault) => faults.ContainsKey(fault);

    /// <summary>The value of a fault; null when the batch has it not.</summary>
    public double? Of(SimulatorBatchFault fault) => faults.TryGetValue(fault, out var value) ? value : null;

    /// <summary>
    /// True when a fault of lines hits the one taken through at this place. It hits its share of them exactly, and at least one, evenly spread and at
    /// another place for each fault.
    /// </summary>
    public bool Hits(SimulatorBatchFault fault, int place, int total)
    {
        if (Of(fault) is not { } share || share == 0) return false;
        var hit = Math.Max(1, (long)Math.Round(share * total));
        var turned = (place + (long)Mix.Below((ulong)fault + 1, total)) % total;
        return turned * hit / total != (turned + 1) * hit / total;
    }

    /// <summary>The refusal that hits a line; null for none.</summary>
    public ErrorReply? Refusal(Dialect dialect, int place, int total) =>
        Hits(SimulatorBatchFault.Error400, place, total) ? dialect.BadJson()
        : Hits(SimulatorBatchFault.Error500, place, total) ? dialect.ServerError()
        : null;

    /// <summary>The line with an id that nobody sent.</summary>
    public static BatchLine Foreign(BatchLine line) => line with
    {
        Id = line.Id is { } id ? $"foreign-{Mix.Hash(id):x8}" : null,
        Echo = line.Echo is null ? null : new JsonObject { ["key"] = $"foreign-{Mix.Hash(line.Echo):x8}" }.ToJsonString(Json.Nodes),
    };
}
