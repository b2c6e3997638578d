using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class FaultTests
{
    private static readonly string[] s_titles = ["Song 1", "Song 2", "Song 3", "Song 4", "Song 5"];

    [Theory]
    [InlineData(SimulatorFault.Http429, 429, "requests")]
    [InlineData(SimulatorFault.Http500, 500, "server_error")]
    [InlineData(SimulatorFault.Http503, 503, "service_unavailable_error")]
    [InlineData(SimulatorFault.Http498, 498, "capacity_exceeded")]
    [InlineData(SimulatorFault.Quota, 429, "insufficient_quota")]
    public async Task Refusals_come_with_their_status_and_cost_nothing(SimulatorFault fault, int status, string type)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [fault] });
        var reply = await simulator.AskAsync(Body(s_titles));
        Assert.Equal((status, type), (reply.Status, reply.ErrorField("type")));
        Assert.Equal((5L, 0L), (simulator.Server.Stats.RowsAsked, simulator.Server.Stats.RowsBilled));
        Assert.Equal(200, (await simulator.AskAsync(Body(s_titles))).Status);
        Assert.Equal((1, 0L), ((int)simulator.Server.Stats.Count("ok"), simulator.Server.Stats.InFlight));
    }

    [Fact]
    public async Task An_injected_429_reads_like_a_real_one()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.Http429] });
        var reply = await simulator.AskAsync(Body(s_titles));
        Assert.Contains("requests per min (RPM): Limit 60, Used 60, Requested 1. Please try again in 1s.", reply.Message, StringComparison.Ordinal);
        Assert.Equal("1", reply.Header("retry-after"));
    }

    [Fact]
    public async Task A_dropped_connection_has_no_reply()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.Drop] });
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.AskAsync(Body(s_titles)));
        Assert.Equal(1, simulator.Server.Stats.Count("drop"));
    }

    [Fact]
    public async Task A_hanging_request_ends_when_the_client_goes()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.Hang] });
        using var leave = new CancellationTokenSource();
        var asked = simulator.AskAsync(Body(s_titles), cancellationToken: leave.Token);
        await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 1);
        simulator.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal("pending", simulator.Server.Ledger[0].Outcome);
        Assert.False(asked.IsCompleted);
        await leave.CancelAsync();
        await simulator.UntilAsync(() => simulator.Server.Stats.InFlight == 0);
        Assert.Equal(("hang", false), (simulator.Server.Ledger[0].Outcome, simulator.Server.Ledger[0].Billed));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task A_hanging_request_does_not_keep_the_server_from_stopping()
    {
        var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.Hang] });
        var asked = simulator.AskAsync(Body(s_titles));
        await simulator.UntilAsync(() => simulator.Server.Stats.Accepted == 1);
        await simulator.Server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<HttpRequestException>(() => asked);
        await simulator.DisposeAsync();
    }

    [Fact]
    public async Task Latency_passes_on_the_clock()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Latency = TimeSpan.FromSeconds(5) });
        var asked = simulator.AskAsync(Body(s_titles));
        await simulator.UntilAsync(() => simulator.Clock.Waiting == 1);
        simulator.Clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(1, simulator.Clock.Waiting);
        simulator.Clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(200, (await asked).Status);
        Assert.Equal(1, simulator.Server.Stats.MaxInFlight);
    }

    [Fact]
    public async Task A_client_that_goes_before_the_reply_is_charged_all_the_same()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Latency = TimeSpan.FromSeconds(5) });
        using var leave = new CancellationTokenSource();
        var asked = simulator.AskAsync(Body(s_titles), cancellationToken: leave.Token);
        await simulator.UntilAsync(() => simulator.Clock.Waiting == 1);
        await leave.CancelAsync();
        await simulator.UntilAsync(() => simulator.Server.Stats.InFlight == 0);
        Assert.Equal(("client_gone", true), (simulator.Server.Ledger[0].Outcome, simulator.Server.Ledger[0].Billed));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task A_truncated_text_is_a_beginning_of_the_whole_one()
    {
        var (whole, cut) = await BothAsync(SimulatorFault.Truncate);
        Assert.Equal("length", cut.Finish);
        Assert.StartsWith(cut.Content!, whole.Content, StringComparison.Ordinal);
        Assert.InRange(cut.Content!.Length, whole.Content!.Length / 4, whole.Content.Length * 3 / 4);
    }

    [Fact]
    public async Task A_fenced_text_holds_the_whole_one_between_prose()
    {
        var (whole, fenced) = await BothAsync(SimulatorFault.Fence);
        Assert.Contains($"```json\n{whole.Content}\n```", fenced.Content, StringComparison.Ordinal);
        Assert.False(fenced.Content!.StartsWith('`') || fenced.Content.EndsWith('`'));
    }

    [Fact]
    public async Task An_incomplete_reply_lacks_rows_and_keeps_the_others_as_they_were()
    {
        var (whole, part) = await BothAsync(SimulatorFault.Incomplete);
        Assert.InRange(part.Rows.Length, 0, 4);
        Assert.Subset(whole.Rows.Select(r => r.GetRawText()).ToHashSet(), part.Rows.Select(r => r.GetRawText()).ToHashSet());
    }

    [Fact]
    public async Task A_shuffled_reply_holds_the_same_answers_in_another_order()
    {
        var (whole, shuffled) = await BothAsync(SimulatorFault.Shuffle);
        Assert.NotEqual(whole.Ids, shuffled.Ids);
        Assert.Equal(whole.Rows.Select(r => r.GetRawText()).Order(StringComparer.Ordinal), shuffled.Rows.Select(r => r.GetRawText()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_wrong_label_sits_in_exactly_one_row()
    {
        var (whole, wrong) = await BothAsync(SimulatorFault.WrongLabel);
        Assert.Equal(whole.Ids, wrong.Ids);
        var spoilt = Assert.Single(wrong.Rows, r => r.GetProperty("energy").GetString() is not ("Low" or "Medium" or "High"));
        Assert.Equal(1, wrong.Rows.Zip(whole.Rows).Count(p => p.First.GetRawText() != p.Second.GetRawText()));
        Assert.Equal("No such label", spoilt.GetProperty("energy").GetString());
    }

    [Fact]
    public async Task Without_labels_a_value_of_the_wrong_type_stands_in_for_them()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.WrongLabel] });
        var schema = Wrap("""{"type":"object","properties":{"id":{"type":"integer"},"text":{"type":"string"}},"required":["id","text"],"additionalProperties":false}""");
        Assert.Equal(JsonValueKind.Object, (await simulator.AskAsync(Body(["a"], schema))).Rows[0].GetProperty("text").ValueKind);
    }

    [Fact]
    public async Task A_duplicate_id_comes_with_two_different_answers()
    {
        var (whole, doubled) = await BothAsync(SimulatorFault.DuplicateId);
        Assert.Equal(6, doubled.Rows.Length);
        var twice = Assert.Single(doubled.Rows.GroupBy(r => r.GetProperty("id").GetInt32()), g => g.Count() == 2);
        Assert.Equal(2, twice.Select(r => r.GetRawText()).Distinct().Count());
        Assert.Equal(whole.Ids, doubled.Ids.Distinct().Order());
    }

    [Fact]
    public async Task A_foreign_id_takes_a_rows_place()
    {
        var (whole, foreign) = await BothAsync(SimulatorFault.ForeignId);
        Assert.Equal(5, foreign.Rows.Length);
        Assert.Single(foreign.Ids.Except(whole.Ids));
        Assert.Single(whole.Ids.Except(foreign.Ids));
    }

    [Fact]
    public async Task A_refusal_stands_beside_a_null_content_at_OpenAI_and_in_it_at_Groq()
    {
        var (_, refused) = await BothAsync(SimulatorFault.Refuse);
        Assert.Null(refused.Content);
        Assert.Equal("stop", refused.Finish);
        Assert.StartsWith("I'm sorry", refused.Choice.GetProperty("message").GetProperty("refusal").GetString(), StringComparison.Ordinal);
        var (_, groq) = await BothAsync(SimulatorFault.Refuse, SimulatorDialect.Groq);
        Assert.StartsWith("I'm sorry", groq.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Empty_and_broken_texts_are_no_JSON()
    {
        Assert.Equal("", (await BothAsync(SimulatorFault.Empty)).Faulty.Content);
        var broken = (await BothAsync(SimulatorFault.BadJson)).Faulty;
        Assert.ThrowsAny<JsonException>(() => JsonElement.Parse(broken.Content!));
        Assert.Equal("stop", broken.Finish);
    }

    [Fact]
    public async Task A_failed_generation_is_a_400_that_costs()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = SimulatorDialect.Groq, Script = [SimulatorFault.BadGeneration] });
        var reply = await simulator.AskAsync(Body(s_titles));
        Assert.Equal((400, "json_validate_failed"), (reply.Status, reply.ErrorField("code")));
        Assert.StartsWith("{\"rows\":[", reply.ErrorField("failed_generation"), StringComparison.Ordinal);
        Assert.True(simulator.Server.Ledger[0].Billed);
        var over = await simulator.AskAsync(Body(s_titles, more: ",\"max_completion_tokens\":5"));
        Assert.Equal("max completion tokens reached before generating a valid document", over.ErrorField("failed_generation"));
    }

    [Fact]
    public async Task A_pack_with_a_poisoned_row_gets_garbage_every_time()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { PoisonText = "ong 3" });
        for (var i = 0; i < 3; i++)
        {
            var reply = await simulator.AskAsync(Body(s_titles));
            Assert.ThrowsAny<JsonException>(() => JsonElement.Parse(reply.Content!));
        }

        var spared = await simulator.AskAsync(Body(["Song 4"]));
        Assert.Equal([1], spared.Ids);
        Assert.Equal(3, simulator.Server.Stats.Count("poison"));
    }

    [Fact]
    public async Task Rates_hit_as_often_as_said_the_same_requests_under_one_seed_in_any_order()
    {
        var options = new SimulatorOptions().With("http500", 0.2).With("Empty", 0.3);
        await using var one = await StartAsync(options);
        await using var two = await StartAsync(options);
        await using var other = await StartAsync(options with { Seed = 9 });
        var bodies = Enumerable.Range(0, 400).Select(i => Body([$"Song {i % 300}"])).ToArray();
        var first = await OutcomesAsync(one, bodies);
        var second = (await OutcomesAsync(two, [.. bodies[..300].Reverse(), .. bodies[300..]])).ToArray();
        Assert.Equal(first, second[..300].Reverse().Concat(second[300..]));
        Assert.NotEqual(first, await OutcomesAsync(other, bodies));
        Assert.InRange(one.Server.Stats.Count("http500"), 50, 110);
        Assert.InRange(one.Server.Stats.Count("empty"), 85, 155);
        // The same request again is a new draw.
        Assert.Contains(Enumerable.Range(0, 100), i => first[i] != first[i + 300]);

        static async Task<string[]> OutcomesAsync(SimulatorHarness simulator, string[] bodies)
        {
            foreach (var body in bodies) await simulator.AskAsync(body);
            return [.. simulator.Server.Ledger.Select(e => e.Outcome)];
        }
    }

    private static async Task<(Reply Whole, Reply Faulty)> BothAsync(SimulatorFault fault, SimulatorDialect dialect = SimulatorDialect.OpenAI)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Dialect = dialect, Script = [SimulatorFault.None, fault] });
        var whole = await simulator.AskAsync(Body(s_titles));
        var faulty = await simulator.AskAsync(Body(s_titles));
        Assert.Equal((200, 200), (whole.Status, faulty.Status));
        Assert.Equal(["ok", SimulatorOptions.FaultNames[(int)fault - 1]], simulator.Server.Ledger.Select(e => e.Outcome));
        return (whole, faulty);
    }
}
