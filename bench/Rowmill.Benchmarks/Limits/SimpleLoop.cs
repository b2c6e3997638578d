using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Questions;

namespace Rowmill.Benchmarks.Limits;

/// <summary>
/// What people write: one request after the other, a fixed pause after each, and after a refusal the wait that it names, or a minute.
/// </summary>
internal static class SimpleLoop
{
    private static readonly TimeSpan s_untold = TimeSpan.FromMinutes(1);

    /// <summary>Asks all rows of a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="rows">Rows in a request.</param>
    /// <param name="seed">The seed.</param>
    public static ScenarioResult Run(Scenario scenario, int rows, int seed)
    {
        var clock = new VirtualTime(LimitCase.Noon);
        var service = new PretendService(scenario.Service, clock);
        var client = new PretendClient(service, scenario.Work.Answer, clock, seed);
        var pause = scenario.Limits.RequestsPerMinute is { } rpm ? TimeSpan.FromMinutes(1) / rpm : TimeSpan.Zero;
        using var interrupt = new CancellationTokenSource();
        QuietPool.Run(
            clock, () => AskAllAsync(scenario, rows, seed, client, clock, pause, interrupt.Token), DateTimeOffset.MaxValue,
            TimeSpan.FromSeconds(90), interrupt.Cancel);
        var finish = service.Ledger.Max(c => c.EndedAt) - LimitCase.Noon;
        return new(rows == 1 ? "one row a call" : $"{rows} rows a call", rows, service.Ledger.Count, service.Refused, finish, service.Ledger.Sum(c => c.Rows));
    }

    private static async Task<bool> AskAllAsync(
        Scenario scenario, int rows, int seed, PretendClient client, VirtualTime clock, TimeSpan pause, CancellationToken cancellationToken)
    {
        var question = new Question { Prompt = scenario.Work.Prompt, Schema = scenario.Work.Schema };
        var text = new RequestText(question);
        var budget = new PackBudget(CaseRun.RouteOf(scenario.Route), question, text.FixedTokens);
        foreach (var texts in scenario.Work.Texts(seed).Chunk(rows))
        {
            var pack = new Pack([.. texts.Select(t => new Ask(default, System.Text.Encoding.UTF8.GetBytes($"\"text\":\"{t}\"")))]);
            var request = text.Request(pack, StructuredOutput.StrictSchema, budget);
            ModelResult result;
            while (!(result = await client.AskAsync(request, cancellationToken).ConfigureAwait(false)).Succeeded)
            {
                if (result.Failure.Kind != FailureKind.RateLimited) throw new InvalidOperationException(result.Failure.Message);
                await Task.Delay(result.Failure.RetryAfter ?? s_untold, clock, cancellationToken).ConfigureAwait(false);
            }

            if (pause > TimeSpan.Zero) await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }
}
