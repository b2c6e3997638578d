using Rowmill.Simulator;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>The songs job through every provider with every fault of a reply.</summary>
public sealed class MatrixTests(ITestOutputHelper output)
{
    private static readonly double s_share = 0.3;

    public static TheoryData<string> Services => [.. MatrixService.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Every_fault(string name)
    {
        var service = MatrixService.All.Single(s => s.Name == name);
        foreach (var fault in Enum.GetValues<SimulatorFault>())
        {
            var line = $"{fault,-20}";
            foreach (var share in new[] { s_share, 1 })
            {
                var random = new Random(7);
                var script = Enumerable.Range(0, 3000).Select(_ => random.NextDouble() < share ? fault : SimulatorFault.None).ToList();
                var began = System.Diagnostics.Stopwatch.StartNew();
                await using var run = await MatrixRun.StartAsync(service, new SimulatorOptions { Script = script });
                try
                {
                    var s = await run.RunAsync();
                    var calls = await run.CallsAsync();
                    var stats = run.Server.Stats;
                    var charged = (stats.PromptTokens, stats.OutputTokens);
                    var recorded = (calls.Sum(c => c.Settlement?.Usage.Input ?? c.Intent.Reserved.Input), calls.Sum(c => c.Settlement?.Usage.Output ?? c.Intent.Reserved.Output));
                    line += $" | {s.State} a{s.Rows.Answered} f{s.Rows.Failed} p{s.Rows.Pending} c{s.Calls.Sent}/{stats.Requests}/{calls.Count} {charged} {recorded}{(recorded.Item1 < charged.PromptTokens || recorded.Item2 < charged.OutputTokens ? " MISSING" : "")} {began.ElapsedMilliseconds}ms {s.Message?[..Math.Min(90, s.Message.Length)]}";
                }
                catch (Exception e) { line += $" | {e}"; }
            }
            output.WriteLine(line);
        }
    }
}
