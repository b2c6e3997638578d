using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Simulator;
using static Rowmill.Core.Runs.RunState;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>
/// The songs job through every provider with every fault of a reply: real clients over real connections, the engine's waits on a clock of
/// their own. <c>bench/run.sh matrix</c> prints the whole table.
/// </summary>
public sealed class MatrixTests(MatrixTable table, ITestOutputHelper output) : IClassFixture<MatrixTable>
{
    private const double Share = 0.3;

    public static TheoryData<string> Services => [.. MatrixService.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Every_fault_comes_to_its_end_and_no_row_to_a_wrong_answer(string name)
    {
        var service = MatrixService.All.Single(s => s.Name == name);
        var wrong = new List<string>();
        output.WriteLine(MatrixTable.Head);
        foreach (var fault in Enum.GetValues<SimulatorFault>())
        {
            var (some, all) = Expected(service.Dialect, fault);
            var (someCell, allCell) = (await MatrixCell.RunAsync(service, fault, Share), await MatrixCell.RunAsync(service, fault, 1));
            wrong.AddRange(Flaws(someCell, some).Select(f => $"{fault} in some: {f}"));
            wrong.AddRange(Flaws(allCell, all).Select(f => $"{fault} in all: {f}"));
            output.WriteLine(table.Set(service, fault, someCell, allCell));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<string> Flaws(MatrixCell cell, RunState expected)
    {
        var (summary, rows) = (cell.Summary, cell.Summary.Rows);
        foreach (var row in cell.Misplaced) yield return row;
        foreach (var row in cell.Silent) yield return $"{row} failed without a reason";
        if (summary.State != expected) yield return $"{summary.State} instead of {expected}: {summary.Message}";
        if (rows.Answered + rows.Failed + rows.Pending != MatrixRun.Songs) yield return $"the rows do not add up: {rows}";
        if ((rows.Pending == 0) != (summary.State is Completed or CompletedWithGaps)) yield return $"{rows.Pending} rows are pending, {summary.State}";
        if ((rows.Failed == 0) != (summary.State != CompletedWithGaps)) yield return $"{rows.Failed} rows failed, {summary.State}";
        if (summary.State is not (Completed or CompletedWithGaps) && string.IsNullOrEmpty(summary.Message)) yield return "it stopped without a word";
        if (cell.Calls.Any(c => c.State != CallState.Settled)) yield return "a call is not settled";
        if (cell.Calls.Count != summary.Calls.Sent || cell.Stats.Requests != summary.Calls.Sent)
            yield return $"{summary.Calls.Sent} calls in the summary, {cell.Calls.Count} in the ledger, {cell.Stats.Requests} at the service";
        if (cell.Recorded < cell.Charged) yield return $"{cell.Recorded} USD of {cell.Charged} recorded";
    }

    /// <summary>What a fault is to come to: in some of the replies, and in all.</summary>
    private static (RunState Some, RunState All) Expected(SimulatorDialect dialect, SimulatorFault fault) => (dialect, fault) switch
    {
        // A cap on spending is the nearest it has to a limit by day.
        (SimulatorDialect.Anthropic, SimulatorFault.GoogleDayLimit) => (Refused, Refused),

        // Its cloud's allowances open again by themselves.
        (SimulatorDialect.Ollama or SimulatorDialect.OllamaV1, SimulatorFault.Quota or SimulatorFault.SpendCap) => (Completed, RateLimited),
        (SimulatorDialect.Ollama, SimulatorFault.GoogleDayLimit or SimulatorFault.GoogleNoAllowance) => (Completed, RateLimited),

        // A model that the memory never held; one that it held is an outage.
        (SimulatorDialect.Ollama, SimulatorFault.MemoryOld or SimulatorFault.MemoryNew) => (Completed, Refused),

        // It has no limits: it is loading its model.
        (SimulatorDialect.LlamaCpp, SimulatorFault.Http429 or SimulatorFault.RetryAfterDate or SimulatorFault.RetryAfterGarbage) => (Completed, Failed),
        _ => Usual(fault),
    };

    private static (RunState Some, RunState All) Usual(SimulatorFault fault) => fault switch
    {
        // Put right in the reading.
        SimulatorFault.None or SimulatorFault.Fence or SimulatorFault.Shuffle or SimulatorFault.BadJson or SimulatorFault.Keyed
            or SimulatorFault.BareArray or SimulatorFault.StringIds or SimulatorFault.LabelCase or SimulatorFault.ExtraField
            or SimulatorFault.StringNumbers or SimulatorFault.SingleValue or SimulatorFault.Draft or SimulatorFault.Prose
            or SimulatorFault.Ndjson => (Completed, Completed),

        // An outage, until it outlasts the job's patience.
        SimulatorFault.Http500 or SimulatorFault.Http503 or SimulatorFault.Http498 or SimulatorFault.Drop or SimulatorFault.Hang
            or SimulatorFault.Cloudflare1010 or SimulatorFault.MemoryOld or SimulatorFault.MemoryNew => (Completed, Failed),

        // A limit that opens soon, or not.
        SimulatorFault.Http429 or SimulatorFault.RetryAfterDate or SimulatorFault.RetryAfterGarbage => (Completed, RateLimited),
        SimulatorFault.GoogleDayLimit or SimulatorFault.RetryAfterYear => (RateLimited, RateLimited),

        // Nothing helps.
        SimulatorFault.Quota or SimulatorFault.SpendCap or SimulatorFault.GoogleNoAllowance or SimulatorFault.BadKey => (Refused, Refused),

        // The rows' own: asked again, and in the end alone.
        _ => (Completed, CompletedWithGaps),
    };
}
