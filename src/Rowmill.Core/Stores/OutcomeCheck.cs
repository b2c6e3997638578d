namespace Rowmill.Core.Stores;

/// <summary>What every answer store asks of its caller; a breach is a bug and thrown.</summary>
internal static class OutcomeCheck
{
    public static void Check(OutcomePack pack)
    {
        if (pack.Call is { } call) Check(call, pack.Settlement);
        if (pack.Rows.Count == 0) throw new ArgumentException("a pack holds at least one row", nameof(pack));
        foreach (var row in pack.Rows)
        {
            if (row.Json.IsEmpty) throw new ArgumentException($"row {row.Key} carries no JSON", nameof(pack));
            if (row.Json.Span.Contains((byte)'\n')) throw new ArgumentException($"the JSON of row {row.Key} holds a line break", nameof(pack));
        }
    }

    /// <summary>A line of a batch, stored with how it ended.</summary>
    public static void Check(CallIntent call, CallSettlement? settlement)
    {
        if (call.Place is null) throw new ArgumentException("a call that is recorded was a line of a batch", nameof(call));
        if (settlement is null) throw new ArgumentException($"line {call.Place.Line} of {call.Place.Batch} is stored with how it ended", nameof(settlement));
    }

    public static void SameLength(int keys, int found)
    {
        if (keys != found) throw new ArgumentException($"{keys} keys cannot be answered in {found} places", nameof(found));
    }
}
