using System.Text.Json.Nodes;

namespace Rowmill.Benchmarks.Limits;

/// <summary>Runs the cases and the scenarios on the simulated clock, adds a line for each to the results, and prints them.</summary>
internal static class LimitBench
{
    private const int Seed = 20260302;

    /// <summary>Runs everything whose name contains a text.</summary>
    /// <param name="results">The results file.</param>
    /// <param name="only">The text; null for all.</param>
    public static int Run(string results, string? only)
    {
        if (!QuietPool.TakePool())
        {
            Console.Error.WriteLine("this needs one processor, so that nothing runs beside the clock: taskset -c 0, or DOTNET_PROCESSOR_COUNT=1");
            return 2;
        }

        var lines = new List<JsonObject>();
        foreach (var limitCase in LimitCases.All.Where(c => Wanted(c.Name, only))) Add(Case(limitCase));
        foreach (var scenario in Scenarios.All.Where(s => Wanted(s.Name, only)))
            foreach (var line in Scenario(scenario)) Add(line);
        LimitsSummary.Write(lines);
        return 0;

        void Add(JsonObject line)
        {
            // As it will be read again.
            var text = line.ToJsonString();
            lines.Add((JsonObject)JsonNode.Parse(text)!);
            File.AppendAllText(results, text + "\n");
        }
    }

    private static bool Wanted(string name, string? only) => only is null || name.Contains(only, StringComparison.OrdinalIgnoreCase);

    private static JsonObject Case(LimitCase limitCase)
    {
        var began = TimeProvider.System.GetTimestamp();
        var first = CaseRun.Run(limitCase, Seed, TimeSpan.FromDays(7));
        var real = TimeProvider.System.GetElapsedTime(began);
        var second = CaseRun.Run(limitCase, Seed, TimeSpan.FromDays(7));
        var line = new JsonObject
        {
            ["workload"] = "limits",
            ["case"] = limitCase.Name,
            ["rows"] = limitCase.Work.Rows,
            ["answered"] = first.Answered,
            ["calls"] = first.Calls,
            ["refused"] = first.Refused,
            ["overloaded"] = first.Overloaded,
            ["max_in_flight"] = first.MostInFlight,
            ["bound_s"] = first.Bound.TotalSeconds,
            ["achieved_s"] = first.Achieved.TotalSeconds,
            ["efficiency"] = first.Efficiency,
            ["aim"] = limitCase.Aim,
            ["learns"] = limitCase.Learns,
            ["state"] = first.State,
            ["message"] = first.Message,
            ["same_twice"] = first.Fingerprint == second.Fingerprint,
            ["real_s"] = Math.Round(real.TotalSeconds, 2),
        };
        Console.Error.WriteLine($"{limitCase.Name}: {first.State}, efficiency {first.Efficiency:0.000}, {first.Refused} refused, {real.TotalSeconds:0.0} s{(first.Message is null ? "" : $" ({first.Message})")}");
        return line;
    }

    private static IEnumerable<JsonObject> Scenario(Scenario scenario)
    {
        var mine = CaseRun.Run(scenario.Case, Seed, TimeSpan.FromDays(60));
        var rows = mine.Calls == 0 ? 0 : (double)mine.Answered / mine.Calls;
        var results = new[]
        {
            new ScenarioResult("rowmill", rows, mine.Calls, mine.Refused, mine.Achieved, mine.Answered) { Bound = mine.Bound, State = mine.State },
            SimpleLoop.Run(scenario, scenario.Pack, Seed),
            SimpleLoop.Run(scenario, 1, Seed),
        };
        Console.Error.WriteLine($"{scenario.Name}: {mine.State}, {mine.Calls} calls, {mine.Refused} refused, {mine.Achieved}{(mine.Message is null ? "" : $" ({mine.Message})")}");
        return results.Select(r => new JsonObject
        {
            ["workload"] = "limits-scenario",
            ["case"] = scenario.Name,
            ["program"] = r.Program,
            ["pack"] = Math.Round(r.PackRows, 1),
            ["rows"] = scenario.Work.Rows,
            ["answered"] = r.Rows,
            ["calls"] = r.Calls,
            ["refused"] = r.Refused,
            ["achieved_s"] = r.Finish.TotalSeconds,
            ["bound_s"] = r.Bound?.TotalSeconds,
            ["state"] = r.State,
        });
    }
}
