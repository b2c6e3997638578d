using System.Globalization;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Runs;

namespace Rowmill.Core.Planning;

/// <summary>What a plan takes for granted, in sentences.</summary>
internal static class PlanWords
{
    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>Rows that <c>rowmill try</c> takes at most.</summary>
    private const int MostTried = 1000;

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
                ? string.Create(s_plain, $"Tokens of {name} rest on {Counted.Of(route.CallsMeasured, "call")} of this question: prompts ±{route.InputError:P0}, replies ±{route.OutputError:P0}.")
                : $"Nothing is measured of {name} and this question yet: prompts are estimated from their text and may be half as long, replies are taken to be as long as the schema lets them expect. {Counted.Of(TokenCalibration.LeastCalls, "call")} make it exact: rowmill try --sample {Math.Min(MostTried, TokenCalibration.LeastCalls * route.Work.PackRows)}.";
            if (!route.LatencyMeasured) yield return string.Create(s_plain, $"A call of {name} is assumed to take {route.Latency.TotalSeconds:0.#} s.");
            if (route.Windows.Windows.Count == 0) yield return $"No limits of {name} are known; its speed alone decides.";
            if (route.InBatches is { } batches)
                foreach (var words in Batches(job, name, batches)) yield return words;
        }

        if (job.BudgetUsd is { } budget && (double)budget < whole.Usd?.Expected)
            yield return string.Create(s_plain, $"The job's budget of {budget:0.00##} USD would stop it before the end.");
    }

    private static IEnumerable<string> Batches(Job job, string name, PlannedBatches batches)
    {
        var route = job.Routes.First(r => r.Name == name);
        if (batches.Held is { } held) yield return $"No more batches of {name} go: {held}.";
        if (KnownProviders.Find(route.Provider) is { BaseUrl: null }) yield return $"Whether the server of {name} has a batch API is not known.";
        yield return string.Create(s_plain, $"{name} in batches: {Counted.Batches(batches.Batches)}, each taken to be under way for {Span(batches.Duration)}, ")
            + (batches.Measured > 0 ? string.Create(s_plain, $"as {batches.Measured:N0} of this job were.") : "within which the service means to be done; it may be done much sooner, which nobody promises.");
        if (batches.Waves is null) yield return $"Not one request of {name} fits the queue of its batches.";
        if (job.Batch.Deadline is { } deadline && batches.Work.Finish > deadline)
            yield return $"{name} in batches would miss the deadline of {Span(deadline)}: what they would bring too late is asked online.";
        if (route.Price is { } price && (price.BatchInput is null || price.BatchOutput is null)) yield return $"The price of {name} in batches is taken to be half of the other.";
    }

    private static string Span(TimeSpan span) => span.TotalHours < 2
        ? string.Create(s_plain, $"{Math.Ceiling(span.TotalMinutes):0} min") : string.Create(s_plain, $"{span.TotalHours:0.#} h");
}
