namespace Rowmill.Core.Stores;

/// <summary>What every answer store asks of its caller; a breach is a bug and thrown.</summary>
internal static class OutcomeCheck
{
    public static void Check(OutcomePack pack)
    {
        if (pack.Rows.Count == 0) throw new ArgumentException("a pack holds at least one row", nameof(pack));
        foreach (var row in pack.Rows)
        {
            if (row.Json.IsEmpty) throw new ArgumentException($"row {row.Key} carries no JSON", nameof(pack));
            if (row.Json.Span.Contains((byte)'\n')) throw new ArgumentException($"the JSON of row {row.Key} holds a line break", nameof(pack));
        }
    }

    public static void SameLength(int keys, int found)
    {
        if (keys != found) throw new ArgumentException($"{keys} keys cannot be answered in {found} places", nameof(found));
    }
}
