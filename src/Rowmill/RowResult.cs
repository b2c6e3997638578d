using System.Diagnostics.CodeAnalysis;
using Rowmill.Core.Outputs;

namespace Rowmill;

/// <summary>A row and what came of it.</summary>
/// <typeparam name="TRow">The row's type.</typeparam>
/// <typeparam name="TAnswer">The answer's type.</typeparam>
public sealed record RowResult<TRow, TAnswer>
    where TRow : notnull
    where TAnswer : class
{
    internal RowResult(long index, TRow row, RowStatus status) => (Index, Row, Status) = (index, row, status);

    /// <summary>0-based position among the job's rows.</summary>
    public long Index { get; }

    /// <summary>The row.</summary>
    public TRow Row { get; }

    /// <summary>Where it stands: answered, abstained, invalid or failed; pending when the run stopped before.</summary>
    public RowStatus Status { get; }

    /// <summary>The answer, valid under the schema; null unless <see cref="Status"/> is <see cref="RowStatus.Answered"/>.</summary>
    public TAnswer? Answer { get; internal init; }

    /// <summary>
    /// Why there is no answer: the model's own words when it abstained, what went wrong when the row failed or is invalid, what stopped the run when
    /// the row is pending. Null when there is one.
    /// </summary>
    public string? Reason { get; internal init; }

    /// <summary>True when an earlier run brought it, so that this one asked nothing.</summary>
    public bool FromCache { get; internal init; }

    /// <summary>Whether there is an answer.</summary>
    [MemberNotNullWhen(true, nameof(Answer))]
    [MemberNotNullWhen(false, nameof(Reason))]
    public bool IsAnswered => Answer is not null;
}
