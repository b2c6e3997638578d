using Rowmill.Cli.Console;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary>The calls that carried a row, and what it has cost.</summary>
internal sealed class RowCalls
{
    /// <summary>The calls, in order.</summary>
    public List<CallRecord> Calls { get; } = [];

    /// <summary>What the row has cost.</summary>
    public RowCost Cost { get; } = new();

    /// <summary>Reads the calls of some rows: the ledger once, however many they are.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="query">Which calls.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyDictionary<RowKey, RowCalls>> ReadAsync(
        ICallLedger ledger, CallQuery query, IEnumerable<RowKey> rows, CancellationToken cancellationToken)
    {
        var found = rows.Distinct().ToDictionary(r => r, _ => new RowCalls());
        if (found.Count == 1) query = query with { Row = found.Keys.Single() };
        await foreach (var call in ledger.ReadAsync(query, cancellationToken))
        {
            foreach (var row in call.Intent.Rows)
            {
                if (!found.TryGetValue(row, out var mine)) continue;
                mine.Calls.Add(call);
                mine.Cost.Add(call, row);
            }
        }

        return found;
    }
}
