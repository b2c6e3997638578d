using System.Globalization;
using Rowmill.Core.Outputs;

namespace Rowmill.Core.Runs;

/// <summary>
/// Stops a run whose rows turn out badly: once 100 have ended, fewer than so many per cent answered or abstained. Invalid rows count
/// where they stand before rows that were asked; rows known from earlier runs do not count. Safe for concurrent use.
/// </summary>
/// <param name="percent">The least share of good rows.</param>
internal sealed class QualityGate(double percent)
{
    private const long FirstLook = 100;

    private readonly Lock _gate = new();
    private long _good;
    private long _failed;
    private long _invalid;

    /// <summary>A row that was asked has ended.</summary>
    /// <param name="status">How.</param>
    /// <param name="rows">Rows of the source it stands for.</param>
    /// <param name="invalidBefore">Invalid rows before it in the source.</param>
    /// <returns>Why the run stops; null when it goes on.</returns>
    public StopReason? Ended(RowStatus status, long rows, long invalidBefore)
    {
        lock (_gate)
        {
            if (status is RowStatus.Answered or RowStatus.Abstained) _good += rows;
            else _failed += rows;
            _invalid = Math.Max(_invalid, invalidBefore);
            var all = _good + _failed + _invalid;
            if (all < FirstLook || _good * 100d >= percent * all) return null;
            return new StopReason(RunState.Gate, string.Create(
                CultureInfo.InvariantCulture, $"{_good:N0} of {all:N0} rows so far are good, {100d * _good / all:0.#} %, less than the gate of {percent:0.#} %"));
        }
    }
}
