using System.Globalization;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;

namespace Rowmill.Core.Planning;

/// <summary>What a plan takes for granted, in sentences.</summary>
internal static class PlanWords
{
    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>Every assumption a person may want to know of.</summary>
    public static IEnumerable<string> Assumptions(Job job, RowTally tally, IReadOnlyList<PlannedRoute> routes, PlannedWork whole, DateTimeOffset now)
    {
        if (tally.ToAsk == 0) yield break;
        if (!tally.Exact) yield return "Equal rows are counted to a ten-thousandth.";
        foreach (var route in routes)
        {
            var name = route.Work.Model;
            if (route.NeverAdmits is { } never) yield return never.Message;
            if (route.Windows.Hold is { } hold && hold.Until > now)
                yield return $"{name} asks to be left alone until {LimitWords.Time(hold.Until, now, TimeZoneInfo.Local)}: {hold.Reason}";
            yield return route.CallsMeasured > 0
                ? string.Create(s_plain, $"Tokens of {name} rest on {Count(route.CallsMeasured, "call")} of this question: prompts ±{route.InputError:P0}, replies ±{route.OutputError:P0}.")
                : $"Nothing is measured of {name} and this question yet: prompts are estimated from their text and may be half as long, replies are taken to be as long as the schema lets them expect. A few calls make it exact: rowmill try.";
            if (!route.LatencyMeasured) yield return string.Create(s_plain, $"A call of {name} is assumed to take {route.Latency.TotalSeconds:0.#} s.");
            if (route.Windows.Windows.Count == 0) yield return $"No limits of {name} are known; its speed alone decides.";
        }

        if (job.BudgetUsd is { } budget && (double)budget < whole.Usd?.Expected)
            yield return string.Create(s_plain, $"The job's budget of {budget:0.00##} USD would stop it before the end.");
    }

    private static string Count(long count, string thing) => string.Create(s_plain, $"{count:N0} {thing}{(count == 1 ? "" : "s")}");
}
