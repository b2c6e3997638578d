using Rowmill.Core.Models;
using Rowmill.Core.Runs;
using Rowmill.Providers;
using Rowmill.Simulator;
using Rowmill.Storage.Limits;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>A model that refuses forms of structured output, at every provider.</summary>
public sealed class FormTests
{
    private static readonly SimulatorForm[] s_all = [SimulatorForm.StrictSchema, SimulatorForm.Schema, SimulatorForm.JsonObject];

    public static TheoryData<string, int> Refusals =>
        [.. MatrixService.All.SelectMany(s => Enumerable.Range(1, s_all.Length).Select(n => (s.Name, n)))];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task The_next_lesser_form_is_asked_for_until_one_is_taken_and_no_refused_one_again(string name, int refused)
    {
        var service = MatrixService.All.Single(s => s.Name == name);
        using var folder = new TempFolder();
        await using var run = await MatrixRun.StartAsync(service, new SimulatorOptions { RefusedForms = [.. s_all[..refused]] });
        var best = Best(service, run.Server);
        var taken = Taken(service.Dialect, refused, best);
        var lowered = (int)taken - (int)best;

        using (var learned = SqliteCalibrationStore.Open(folder.File("limits.db"), TimeProvider.System))
        {
            var first = await run.RunAsync(learned);

            Assert.Equal((RunState.Completed, (long)MatrixRun.Songs), (first.State, first.Rows.Answered));
            Assert.Equal((lowered, (long)lowered), (first.Calls.Failed, run.Server.Stats.Requests - run.Server.Stats.Accepted));
            await MatrixCell.AssertTrueAsync(run);
            Assert.Equal(taken, await learned.FormAsync(service.To(run.Server).Id, TestContext.Current.CancellationToken));
        }

        run.Server.Reset();
        using var remembered = SqliteCalibrationStore.Open(folder.File("limits.db"), TimeProvider.System);
        var second = await run.RunAsync(remembered, fresh: true);

        Assert.Equal((RunState.Completed, 0L), (second.State, second.Calls.Failed));
        Assert.Equal(run.Server.Stats.Accepted, run.Server.Stats.Requests);
        Assert.True(second.Calls.Sent > 0);
    }

    /// <summary>The best form that is left: Anthropic has no JSON mode to refuse, and who does not read <c>strict</c> is asked for a schema.</summary>
    private static StructuredOutput Taken(SimulatorDialect dialect, int refused, StructuredOutput best)
    {
        var left = dialect == SimulatorDialect.Anthropic && refused > 2 ? StructuredOutput.JsonMode : (StructuredOutput)refused;
        return left > best ? left : best;
    }

    private static StructuredOutput Best(MatrixService service, SimulatorServer server) =>
        ModelClients.Create(service.To(server), new ApiKeys(_ => "sk"), TimeProvider.System).StructuredOutput;
}
