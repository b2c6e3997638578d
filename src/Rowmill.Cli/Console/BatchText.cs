using System.Globalization;
using Rowmill.Core;
using Rowmill.Core.Batches;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Console;

/// <summary>A job's batches in words: one line each.</summary>
internal static class BatchText
{
    /// <summary>Ended ones beyond these are summed up.</summary>
    private const int MostEnded = 20;

    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>Writes them.</summary>
    public static void Write(TextWriter people, string job, IReadOnlyList<BatchView> batches, DateTimeOffset now)
    {
        if (batches.Count == 0)
        {
            people.WriteLine($"{job}: no batches yet; rowmill batch run begins");
            return;
        }

        var hidden = batches.Where(IsOver).SkipLast(MostEnded).ToHashSet();
        if (hidden.Count > 0)
            people.WriteLine(string.Create(s_plain, $"  {hidden.Count} earlier batches, {hidden.Sum(b => b.Record.GoodRows):N0} of {hidden.Sum(b => b.Record.AskedRows):N0} rows good"));
        foreach (var batch in batches.Where(b => !hidden.Contains(b)))
            people.WriteLine($"  {batch.Record.Name}  {Line(batch, now)}");
    }

    /// <summary>Writes how many rows are in batches and which batches are not over; nothing when there are none.</summary>
    public static void WriteOpen(TextWriter people, IReadOnlyList<BatchView> batches, DateTimeOffset now)
    {
        var open = batches.Where(b => !IsOver(b)).ToList();
        if (RowsIn(batches) is > 0 and var rows) people.WriteLine($"  {Counted.Of(rows, "row")} {(rows == 1 ? "is" : "are")} in {Counted.Batches(open.Count(b => !b.IsStale))}");
        foreach (var batch in open) people.WriteLine($"  {batch.Record.Name}  {Line(batch, now)}");
    }

    /// <summary>Rows that wait for the results of batches; what an edited job asked before waits for nothing.</summary>
    public static long RowsIn(IReadOnlyList<BatchView> batches) => batches.Where(b => !b.IsStale).Sum(b => (long)b.OpenRows);

    private static bool IsOver(BatchView batch) => batch.Record.Phase is BatchPhase.Ended or BatchPhase.Dropped;

    private static string Line(BatchView batch, DateTimeOffset now)
    {
        var r = batch.Record;
        var what = string.Create(s_plain, $"{batch.Model}, {Counted.Of(r.Rows, "row")} in {Counted.Of(r.Lines, "request")}");
        if (r.Stage > 0) what += string.Create(s_plain, $", stage {r.Stage}");
        var stands = r.Phase switch
        {
            BatchPhase.Prepared => $"prepared{(r.MaxUsd is { } usd ? $", {Words.Usd(usd)} at most" : "")}",
            BatchPhase.Submitting => "being sent: nobody knows yet whether the provider has it",
            BatchPhase.Submitted when batch.IsStale && r.Results.Count > 0 => $"{r.Told?.Word}, its results are kept as files",
            BatchPhase.Submitted => Under(r, now),
            BatchPhase.Handed => string.Create(s_plain, $"with another machine, {batch.OpenLines:N0} requests without a result"),
            BatchPhase.Ended => string.Create(s_plain, $"ended, {r.GoodRows:N0} of {r.AskedRows:N0} rows good{(r.AskedRows < r.Rows ? $", {r.Rows - r.AskedRows:N0} not asked" : "")}"),
            _ => "dropped",
        };
        if (batch.IsStale && !IsOver(batch)) stands += "; the job asks something else now";
        return r.Note is null ? $"{what}: {stands}" : $"{what}: {stands} ({r.Note})";
    }

    private static string Under(BatchRecord r, DateTimeOffset now)
    {
        var told = r.Told?.Word ?? "sent";
        var done = r.Told is { Succeeded: not null } or { Failed: not null }
            ? string.Create(s_plain, $", {(r.Told.Succeeded ?? 0) + (r.Told.Failed ?? 0):N0} of {r.Lines:N0} requests done") : "";
        var age = r.SubmittedAt is { } at ? $", {Words.Span(now - at)} old" : "";
        var until = r.Told switch
        {
            { IsOver: true, ResultsUntil: { } kept } => $", results until {Words.Time(kept)}: fetch them",
            { IsOver: true } => ", its results can be fetched",
            { ExpiresAt: { } end } => $", the provider gives it up {Words.Time(end)}",
            _ => "",
        };
        return $"{told}{done}{age}{until}";
    }
}
