using System.Globalization;

namespace Rowmill.Core.Quality;

/// <summary>An audit in words and tables.</summary>
public static class AuditText
{
    /// <summary>Writes it.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="report">The report.</param>
    /// <param name="form">How.</param>
    public static void Write(TextWriter to, AuditReport report, ReportForm form)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new ReportPage(to, form);
        page.Heading(1, $"{report.Job}: audit of {Counted.Of(report.Sample, "row")} by {report.Model}, seed {report.Seed}");
        if (report.Simulated) page.Warning("SIMULATED: the labels come from the simulator and mean nothing.");
        page.Line(report.Reason);
        foreach (var note in report.Notes) page.Line(note);
        page.Line(string.Create(
            CultureInfo.InvariantCulture, $"{Counted.Of(report.Calls, "call")}, {(report.Usd is { } usd ? $"{usd:#,0.00####} USD" : "cost unknown")}"));
        page.Heading(2, "Agreement with the answers alone");
        Agreement(page, report);
        if (report.Arms.Any(a => a.Positions.Count > 0))
        {
            page.Heading(2, "By the row's place in its pack");
            page.Table(
                ["arm", "first third", "middle", "last third"],
                report.Arms.Where(a => a.Positions.Count > 0).Select(a => (IReadOnlyList<string>)[Name(a), .. a.Positions.Select(p => p.ToString())]));
        }

        page.Heading(2, "How the rows ended");
        page.Table(
            ["arm", "answered", "abstained", "failed", "abstained here only", "abstained alone only", "failed here only", "failed alone only"],
            report.Arms.Select(a => (IReadOnlyList<string>)
            [
                Name(a), .. new[]
                {
                    a.Answered, a.Abstained, a.Failed, a.Changed.AbstainedHere, a.Changed.AbstainedAlone, a.Changed.FailedHere, a.Changed.FailedAlone,
                }.Select(n => n.ToString("N0", CultureInfo.InvariantCulture)),
            ]));
    }

    private static void Agreement(ReportPage page, AuditReport report)
    {
        var fields = report.Arms.SelectMany(a => a.Fields).Select(f => f.Field).DistinctBy(f => f.Name).ToList();
        page.Table(
            ["arm", "rows a call", "in all", "against alone again", .. fields.Select(f => f.Counts ? f.Name : $"{f.Name} (not counted)")],
            report.Arms.Where(a => a.Fields.Count > 0).Select(a => (IReadOnlyList<string>)
            [
                Name(a),
                a.RowsPerCall?.ToString("0.#", CultureInfo.InvariantCulture) ?? "unknown",
                a.Overall?.ToString() ?? "n/a",
                a.Difference is { } d ? $"{Points(d.Value)} ({Points(d.Low)} to {Points(d.High)})" : "",
                .. a.Fields.Select(f => f.Agreement.ToString()),
            ]));
        page.Line("In brackets: what chance leaves open, with 95 %. Against alone again: points above or below what the model agrees with itself.");
        page.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"Trusted: the fall is surely within {report.Margin:0.##} points; or it is so in the sample, may be chance (McNemar, 5 %), and is surely within {PackVerdict.Blur * report.Margin:0.##}."));
    }

    private static string Name(ArmReport arm) => arm.Arm.Name switch
    {
        AuditArm.Alone => "alone",
        AuditArm.AloneAgain => "alone again",
        AuditArm.Stored => "as stored",
        _ => $"packs of {arm.Arm.PackRows}",
    };

    private static string Points(double share) => (100 * share).ToString("+0.0;-0.0;0", CultureInfo.InvariantCulture);
}
