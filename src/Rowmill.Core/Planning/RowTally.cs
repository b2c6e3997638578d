namespace Rowmill.Core.Planning;

/// <summary>What one pass over the source found there is to ask.</summary>
public sealed record RowTally
{
    /// <summary>Rows of the source that the plan counts.</summary>
    public required long Total { get; init; }

    /// <summary>Different rows to be asked: equal ones count once, unless the job wants each asked.</summary>
    public required long ToAsk { get; init; }

    /// <summary>Rows that have a stored answer or abstention.</summary>
    public required long FromCache { get; init; }

    /// <summary>Rows that a stored failure ended; they are not asked again.</summary>
    public required long Failed { get; init; }

    /// <summary>Rows that are never sent.</summary>
    public required long Invalid { get; init; }

    /// <summary>Rows that an equal one is asked for.</summary>
    public required long Equal { get; init; }

    /// <summary>Rows in batches that are not fetched yet: nobody else asks them.</summary>
    public required long InBatches { get; init; }

    /// <summary>False when <see cref="ToAsk"/> and <see cref="Equal"/> are estimated, to a ten-thousandth.</summary>
    public required bool Exact { get; init; }

    /// <summary>Estimated tokens of the fields of one row to be asked, over all of them.</summary>
    public required RowSizes Tokens { get; init; }
}

/// <summary>The sizes of many rows.</summary>
public sealed record RowSizes
{
    /// <summary>Rows counted.</summary>
    public long Count { get; private set; }

    /// <summary>The mean; zero without rows.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    /// <summary>The standard deviation.</summary>
    public double Deviation => Count == 0 ? 0 : Math.Sqrt(Math.Max(0, _squares / Count - Mean * Mean));

    /// <summary>The smallest; zero without rows.</summary>
    public int Least { get; private set; }

    /// <summary>The largest.</summary>
    public int Most { get; private set; }

    private double _sum;
    private double _squares;

    /// <summary>Counts a row.</summary>
    public void Add(int tokens)
    {
        if (Count++ == 0 || tokens < Least) Least = tokens;
        if (tokens > Most) Most = tokens;
        _sum += tokens;
        _squares += (double)tokens * tokens;
    }
}
