using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Console;

/// <summary>What one row has cost over all calls that carried it: its shares of them.</summary>
internal sealed class RowCost
{
    private readonly Dictionary<string, int> _runs = new(StringComparer.Ordinal);

    /// <summary>Calls that carried it.</summary>
    public int Calls { get; private set; }

    /// <summary>Tokens of the settled ones.</summary>
    public TokenUsage Tokens { get; private set; }

    /// <summary>USD, calls that were never settled at their most; null when the cost of none is known.</summary>
    public decimal? Usd { get; private set; }

    /// <summary>The part of <see cref="Usd"/> that calls which were never settled may have cost.</summary>
    public decimal UsdInDoubt { get; private set; }

    /// <summary>Calls of one run that carried it, those that a limit or an outage kept from an answer too.</summary>
    public int CallsOf(string runId) => _runs.GetValueOrDefault(runId);

    /// <summary>Adds a call.</summary>
    public void Add(CallRecord call, RowKey row)
    {
        Calls++;
        _runs[call.Intent.RunId] = CallsOf(call.Intent.RunId) + 1;
        decimal? usd;
        if (CallShare.Of(call, row) is { } share)
        {
            Tokens += share.Tokens;
            usd = share.Usd;
        }
        else
        {
            var position = CallShare.PositionOf(call.Intent.Rows, row);
            usd = call.Intent.MaxUsd is { } most ? CallShare.UsdAt(most, position, call.Intent.Rows.Count) : null;
            UsdInDoubt += usd ?? 0;
        }

        if (usd is not null) Usd = (Usd ?? 0) + usd;
    }
}
