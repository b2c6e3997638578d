using System.Globalization;

namespace Rowmill.Core.Quality;

/// <summary>
/// Which pack size to trust. The model does not repeat itself exactly, so a packed answer is held to what the model reaches when it is
/// asked alone a second time, row by row.
/// </summary>
/// <remarks>
/// A size is trusted when the lower end of the paired difference's 95 % interval lies within the margin; and also when the fall seen is
/// within the margin, chance alone may have brought it (McNemar's p is not below 5 %), and the interval does not reach below
/// <see cref="Blur"/> margins. It is worse when the fall is beyond chance. Otherwise the sample is too small to tell. Rows are taken as
/// independent of each other, which those of one pack are not quite: few large packs are less sure than their interval says.
/// </remarks>
internal static class PackVerdict
{
    /// <summary>
    /// A fall of so many margins may stay unseen where nothing speaks against a size. To prove a fall within one margin of 5 points takes
    /// 73 rows that all agree and several hundred where some do not; most samples would prove nothing.
    /// </summary>
    public const double Blur = 3;

    private const double Significant = 0.05;

    /// <summary>Judges one size.</summary>
    /// <param name="rows">Agreement of the second asking alone, then of the packs.</param>
    /// <param name="margin">The margin, as a part of 1.</param>
    public static AuditDifference Judge(PairedDifference rows, double margin)
    {
        var (low, high) = rows.Interval();
        var verdict = Of(rows, margin);
        return new AuditDifference(
            rows.Value, low, high, rows.Chance(), (long)rows.Rows, verdict, verdict == AuditVerdict.Unclear ? Needed(rows, margin) : null);
    }

    /// <summary>The largest trusted size, and why, in words.</summary>
    /// <param name="judged">The arms of the sizes.</param>
    /// <param name="floor">The model's agreement with itself.</param>
    public static (int? Trusted, string Reason) Choose(IEnumerable<ArmReport> judged, Share floor)
    {
        var sizes = judged.Where(a => a is { Difference: not null, Overall: not null }).OrderByDescending(a => a.Arm.PackRows).ToList();
        if (sizes.Count == 0) return (null, "There is no pack size to judge: the answers came one by one. Name sizes with --pack.");
        var best = sizes.Find(s => s.Difference!.Verdict == AuditVerdict.Trusted);
        var shown = best ?? sizes[^1];
        var text = $"Packs of {shown.Arm.PackRows} agree with single answers in {shown.Overall} of rows; the model agrees with itself in {floor}";
        var unclear = sizes.Exists(s => s.Difference!.Verdict == AuditVerdict.Unclear);
        text += best is not null ? $": trust packs of {best.Arm.PackRows}{AtWorst(best.Difference!)}."
            : unclear ? "." : ": trust single answers only.";
        foreach (var other in sizes.TakeWhile(s => s != best)) text += $" {Sentence(other)}";
        return (best?.Arm.PackRows ?? (unclear ? null : 1), text);
    }

    private static AuditVerdict Of(PairedDifference rows, double margin)
    {
        var (low, _) = rows.Interval();
        if (low >= -margin) return AuditVerdict.Trusted;
        var beyondChance = rows.Value < 0 && rows.Chance() < Significant;
        return beyondChance ? AuditVerdict.Worse
            : rows.Value >= -margin && low >= -Blur * margin ? AuditVerdict.Trusted
            : AuditVerdict.Unclear;
    }

    /// <summary>The least number of rows with which the same shares would tell.</summary>
    private static int? Needed(PairedDifference rows, double margin)
    {
        var shares = rows.Rows == 0 ? new PairedDifference(1, 0, 0, 0) : rows;
        for (var n = (int)rows.Rows + 1; n <= AuditOptions.MostRows; n++)
            if (Of(shares.At(n), margin) != AuditVerdict.Unclear) return n;
        return null;
    }

    private static string Sentence(ArmReport size) => size.Difference! switch
    {
        { Verdict: AuditVerdict.Worse } worse =>
            $"At {size.Arm.PackRows} agreement falls by {Points(-worse.Value)} points ({Points(-worse.High)}–{Points(-worse.Low)}), to {size.Overall}.",
        { RowsNeeded: { } needed } => $"For packs of {size.Arm.PackRows} these are too few rows to tell: sample at least {needed}.",
        _ => $"For packs of {size.Arm.PackRows} no sample of up to {AuditOptions.MostRows} rows would tell.",
    };

    private static string AtWorst(AuditDifference difference) =>
        difference.Low >= 0 ? "" : $" (at most {Points(-difference.Low)} points lower, with 95 %)";

    private static string Points(double share) => Math.Max(0, 100 * share).ToString("0", CultureInfo.InvariantCulture);
}
