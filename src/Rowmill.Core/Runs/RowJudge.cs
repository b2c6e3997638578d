using System.Globalization;
using Rowmill.Core.Jobs;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Runs;

/// <summary>What the job says of a row before anything is asked.</summary>
/// <param name="Invalid">Why it is never sent; null when it may be.</param>
/// <param name="Shown">What the model sees, and the key.</param>
internal readonly record struct Judgement(string? Invalid, ShownRow Shown)
{
    /// <summary>True when it is invalid for its size only: limits that were written down later do not take a stored answer away.</summary>
    public bool IsTooLarge { get; init; }
}

/// <summary>
/// Judges the rows of one pass over a source, in source order. Every pass of a job judges alike: the run, the output and the status
/// must agree on what a row is.
/// </summary>
internal sealed class RowJudge : IDisposable
{
    private readonly ShownFields _shown;
    private readonly RowCheck _check;
    private readonly OccurrenceIndex? _occurrences;
    private readonly int _largestRow;

    /// <summary>Begins a pass.</summary>
    /// <param name="job">The job.</param>
    /// <param name="budgets">The budget of each route.</param>
    /// <param name="rows">Number of rows in the source, for the size of the index of equal rows.</param>
    public RowJudge(Job job, IReadOnlyList<PackBudget> budgets, long rows)
    {
        _shown = new ShownFields(job.Source.Fields);
        _check = new RowCheck(job.Source.Require);
        _largestRow = budgets.Max(b => b.LargestRow);
        if (!job.Dedupe) _occurrences = new OccurrenceIndex(Path.GetTempPath(), rows);
    }

    /// <summary>Judges the next row of the pass.</summary>
    public Judgement Judge(Row row)
    {
        var shown = _shown.Show(row);
        if (_occurrences is not null) shown = shown with { Key = ShownFields.Key(shown.Key, _occurrences.Next(shown.Key)) };
        return _check.Check(row) is { } wrong ? new Judgement(wrong, shown)
            : TooLarge(shown) is { } large ? new Judgement(large, shown) { IsTooLarge = true }
            : new Judgement(null, shown);
    }

    public void Dispose() => _occurrences?.Dispose();

    private string? TooLarge(ShownRow shown)
    {
        // No text has more tokens than bytes, so small rows need no count.
        if (shown.Json.Length <= _largestRow) return null;
        var tokens = TokenEstimate.Of(shown.Json.Span);
        return tokens <= _largestRow
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"too large for any model of the job: about {tokens} tokens ({shown.Json.Length} bytes), and at most {Math.Max(0, _largestRow)} tokens fit a request");
    }
}
