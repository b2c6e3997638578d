namespace Rowmill;

/// <summary>Begins jobs made in code.</summary>
public static class RowmillJob
{
    private const int LongestName = 100;

    /// <summary>A job over rows that stream. They are enumerated once, when the job runs, into a temporary file; results carry copies of them.</summary>
    /// <param name="name">The job's identity within its store, up to 100 characters in one line: the ledger and a budget belong to it.</param>
    /// <param name="rows">The rows.</param>
    public static JobRows<TRow> Over<TRow>(string name, IAsyncEnumerable<TRow> rows)
        where TRow : notnull
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new JobRows<TRow>(Checked(name), rows);
    }

    /// <summary>A job over rows in memory, or enumerated once when the job runs. Results of a collection's rows carry the very objects.</summary>
    /// <param name="name">The job's identity within its store, up to 100 characters in one line: the ledger and a budget belong to it.</param>
    /// <param name="rows">The rows.</param>
    public static JobRows<TRow> Over<TRow>(string name, IEnumerable<TRow> rows)
        where TRow : notnull
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new JobRows<TRow>(Checked(name), rows);
    }

    private static string Checked(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        name = name.Trim();
        return name.Length <= LongestName && !name.Any(char.IsControl) ? name
            : throw new ArgumentException($"A name has up to {LongestName} characters in one line.", nameof(name));
    }
}
