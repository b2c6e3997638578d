using System.Text.Json;
using Rowmill.Cli.Commands;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Cli;

/// <summary>What <c>status</c> and <c>calls</c> tell of doubt and receipts.</summary>
public sealed class LedgerCommandTests
{
    // The process id is above what any system gives out, so nobody is alive under it here.
    private static readonly LeaseOwner s_dead = LeaseOwner.Current() with { ProcessId = int.MaxValue };

    [Fact]
    public async Task The_doubt_that_a_kill_left_is_seen_before_the_next_run_and_cleared_by_it()
    {
        await using var folder = await CliFolder.CreateAsync();
        await LeaveAsync(folder, s_dead);

        var status = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal("killed", status.GetProperty("state").GetString());
        Assert.Equal("""{"calls":1,"rows":2,"usd":0.25}""", Compact(status.GetProperty("in_doubt")));
        var text = (await folder.RunAsync("status", "job.yaml")).Out;
        Assert.Contains("1 call with 2 rows in doubt, 0.25 USD at most", text, StringComparison.Ordinal);
        Assert.Contains("was killed", text, StringComparison.Ordinal);
        var call = Assert.Single((await folder.RunAsync("calls", "job.yaml", "--in-doubt", "--json")).Json.GetProperty("calls").EnumerateArray());
        Assert.Equal(("in_doubt", "in_doubt", 0.25m), (call.GetProperty("state").GetString(), call.GetProperty("outcome").GetString(), call.GetProperty("max_usd").GetDecimal()));
        Assert.Contains("in doubt, 0.25 USD at most", (await folder.RunAsync("calls", "job.yaml", "--in-doubt")).Out, StringComparison.Ordinal);

        var run = await folder.RunAsync("run", "job.yaml", "--json");
        Assert.Equal("""{"calls":1,"rows":2,"usd":0.25}""", Compact(run.Json.GetProperty("in_doubt")));
        Assert.Equal("""{"calls":1,"usd":0.25}""", Compact(run.Json.GetProperty("cleared")));
        Assert.Contains("cleared now: 1 call in doubt; 0.25 USD stay counted", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("in doubt (see", run.Error, StringComparison.Ordinal);

        status = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal(0, status.GetProperty("in_doubt").GetProperty("calls").GetInt32());
        Assert.Equal("""{"calls":1,"rows":2,"usd":0.25}""", Compact(status.GetProperty("cleared")));
        Assert.Equal(run.Json.GetProperty("usd").GetDecimal() + 0.25m, status.GetProperty("usd").GetDecimal());
        Assert.Empty((await folder.RunAsync("calls", "job.yaml", "--in-doubt", "--json")).Json.GetProperty("calls").EnumerateArray());
        call = (await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls")[0];
        Assert.Equal(("cleared", "outcomes", 0.25m), (call.GetProperty("state").GetString(), call.GetProperty("cleared_by").GetString(), call.GetProperty("max_usd").GetDecimal()));
        Assert.Contains("was in doubt; later calls brought its rows, 0.25 USD at most", (await folder.RunAsync("calls", "job.yaml")).Out, StringComparison.Ordinal);

        var row = (await folder.RunAsync("calls", "job.yaml", "--row", "2", "--json")).Json;
        Assert.Equal((2, 0.125m), (row.GetProperty("spent").GetProperty("calls").GetInt32(), row.GetProperty("spent").GetProperty("usd_in_doubt").GetDecimal()));
        Assert.Equal(["cleared", "settled"], row.GetProperty("calls").EnumerateArray().Select(c => c.GetProperty("state").GetString()));
        Assert.Equal(row.GetProperty("receipt").GetProperty("usd").GetDecimal() + 0.125m, row.GetProperty("spent").GetProperty("usd").GetDecimal());
    }

    [Fact]
    public async Task The_calls_of_a_live_run_are_in_flight()
    {
        await using var folder = await CliFolder.CreateAsync();
        await LeaveAsync(folder, LeaseOwner.Current());

        var status = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal(("running", 0), (status.GetProperty("state").GetString(), status.GetProperty("in_doubt").GetProperty("calls").GetInt32()));
        Assert.Contains("goes on", (await folder.RunAsync("status", "job.yaml")).Out, StringComparison.Ordinal);
        Assert.Equal("No such call.", (await folder.RunAsync("calls", "job.yaml", "--in-doubt")).Out.Trim());
        var call = Assert.Single((await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls").EnumerateArray());
        Assert.Equal(("in_flight", "in_flight"), (call.GetProperty("state").GetString(), call.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task A_row_has_its_receipt()
    {
        await using var folder = await CliFolder.CreateAsync();
        var summary = (await folder.RunAsync("run", "job.yaml", "--json")).Json;
        var call = (await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls")[0];
        Assert.False(call.TryGetProperty("replies", out _));

        var found = (await folder.RunAsync("calls", "job.yaml", "--row", "Nikes, Frank Ocean", "--json")).Json;
        Assert.Equal(["job", "row", "receipt", "spent", "calls"], found.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("Nikes, Frank Ocean", 2), (found.GetProperty("row").GetProperty("key").GetString(), found.GetProperty("row").GetProperty("number").GetInt32()));
        var receipt = found.GetProperty("receipt");
        Assert.Equal(
            ["status", "error", "model", "prompt", "run_id", "call", "attempt", "attempts", "tokens", "usd", "latency_ms", "from_cache", "at"],
            receipt.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ("answered", "openai-compatible/pretend", summary.GetProperty("run_id").GetString(), 1, 1, 1, false),
            (receipt.GetProperty("status").GetString(), receipt.GetProperty("model").GetString(), receipt.GetProperty("run_id").GetString(), receipt.GetProperty("call").GetInt32(),
                receipt.GetProperty("attempt").GetInt32(), receipt.GetProperty("attempts").GetInt32(), receipt.GetProperty("from_cache").GetBoolean()));
        Assert.Equal(call.GetProperty("question").GetString(), receipt.GetProperty("prompt").GetString());
        Assert.Equal(call.GetProperty("latency_ms").GetDouble(), receipt.GetProperty("latency_ms").GetDouble());

        // The call carried three rows: the equal one was not asked twice, the blank one not at all.
        var (usd, input) = (0m, 0L);
        foreach (var number in new[] { "1", "2", "3" })
        {
            var share = (await folder.RunAsync("calls", "job.yaml", "--row", number, "--json")).Json.GetProperty("receipt");
            usd += share.GetProperty("usd").GetDecimal();
            input += share.GetProperty("tokens").GetProperty("input").GetInt64();
        }

        Assert.Equal((call.GetProperty("usd").GetDecimal(), call.GetProperty("tokens").GetProperty("input").GetInt64()), (usd, input));
        var text = (await folder.RunAsync("calls", "job.yaml", "--row", "2")).Out;
        Assert.Contains("row 2, Nikes, Frank Ocean: answered by openai-compatible/pretend", text, StringComparison.Ordinal);
        Assert.Contains("its share of the call: ", text, StringComparison.Ordinal);
        Assert.Contains("spent on it in 1 call: ", text, StringComparison.Ordinal);

        await folder.RunAsync("run", "job.yaml");
        Assert.True((await folder.RunAsync("calls", "job.yaml", "--row", "2", "--json")).Json.GetProperty("receipt").GetProperty("from_cache").GetBoolean());
    }

    [Fact]
    public async Task Of_a_value_that_many_rows_have_the_first_are_shown_and_the_rest_counted()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Write("songs.csv", "title,artist\n" + string.Concat(Enumerable.Range(1, RowMatches.MostShown + 7).Select(i => $"t{i},Miguel\n")));
        await folder.RunAsync("run", "job.yaml");

        var many = (await folder.RunAsync("calls", "job.yaml", "--row", "Miguel", "--json")).Json;
        Assert.Equal(
            Enumerable.Range(1, RowMatches.MostShown),
            many.GetProperty("receipts").EnumerateArray().Select(r => r.GetProperty("row").GetProperty("number").GetInt32()));
        Assert.Equal(7, many.GetProperty("more_rows").GetInt32());
        Assert.All(many.GetProperty("receipts").EnumerateArray(), r => Assert.Equal(1, r.GetProperty("spent").GetProperty("calls").GetInt32()));
        Assert.Contains("7 more rows are 'Miguel' too; name one by its number.", (await folder.RunAsync("calls", "job.yaml", "--row", "Miguel")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_calls_of_many_rows_are_found_in_one_reading_of_the_ledger()
    {
        var store = new MemoryStore(TimeProvider.System);
        foreach (var rows in (int[][])[[1, 2, 3], [2], [4]]) await store.Calls.OpenAsync(Packs.Intent(rows), TestContext.Current.CancellationToken);
        var ledger = new ReadCounter(store.Calls);

        var found = await RowCalls.ReadAsync(
            ledger, new CallQuery("songs"), [Packs.Key(1), Packs.Key(2), Packs.Key(1), Packs.Key(9)], TestContext.Current.CancellationToken);

        Assert.Equal(1, ledger.Readings);
        Assert.Equal([1L], found[Packs.Key(1)].Calls.Select(c => c.CallId));
        Assert.Equal([1L, 2L], found[Packs.Key(2)].Calls.Select(c => c.CallId));
        Assert.Equal((0, 2), (found[Packs.Key(9)].Cost.Calls, found[Packs.Key(2)].Cost.Calls));
    }

    [Fact]
    public async Task Rows_of_one_key_have_a_receipt_each_and_rows_without_an_outcome_an_empty_one()
    {
        await using var folder = await CliFolder.CreateAsync();
        var pending = (await folder.RunAsync("calls", "job.yaml", "--row", "2", "--json")).Json;
        Assert.Equal("pending", pending.GetProperty("receipt").GetProperty("status").GetString());
        Assert.All(pending.GetProperty("receipt").EnumerateObject().Skip(1), p => Assert.Equal(JsonValueKind.Null, p.Value.ValueKind));
        Assert.Equal(0, pending.GetProperty("spent").GetProperty("calls").GetInt32());

        await folder.RunAsync("run", "job.yaml");
        var twice = (await folder.RunAsync("calls", "job.yaml", "--row", "Adorn", "--json")).Json;
        Assert.Equal([1, 4], twice.GetProperty("receipts").EnumerateArray().Select(r => r.GetProperty("row").GetProperty("number").GetInt32()));
        Assert.Equal(1, twice.GetProperty("row").GetProperty("number").GetInt32());
        Assert.Single(twice.GetProperty("calls").EnumerateArray());

        var invalid = (await folder.RunAsync("calls", "job.yaml", "--row", "Nobody", "--json")).Json.GetProperty("receipt");
        Assert.Equal(("invalid", "title is blank"), (invalid.GetProperty("status").GetString(), invalid.GetProperty("error").GetString()));
        Assert.Equal(JsonValueKind.Null, invalid.GetProperty("call").ValueKind);
        Assert.Contains("row 5, , Nobody: invalid (title is blank)", (await folder.RunAsync("calls", "job.yaml", "--row", "5")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_of_a_JSONL_table_are_found_by_their_words()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Write("songs.jsonl", "{\"title\":\"Caf\\u00e9\",\"artist\":1}\n{\"title\":\"b\",\"artist\":2}\n");
        var job = await File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", job.Replace("csv: songs.csv", "jsonl: songs.jsonl").Replace("{ csv: out.csv }", "{ jsonl: out.jsonl, receipt: true }"));
        await folder.RunAsync("run", "job.yaml");

        foreach (var key in new[] { "Café", "Café, 1" })
            Assert.Equal("Café, 1", (await folder.RunAsync("calls", "job.yaml", "--row", key, "--json")).Json.GetProperty("row").GetProperty("key").GetString());
        var line = (await File.ReadAllLinesAsync(folder.File("out.jsonl"), TestContext.Current.CancellationToken))[0];
        var receipt = JsonDocument.Parse(line).RootElement.GetProperty("ai_receipt");
        Assert.Equal(("openai-compatible/pretend", 1, false), (receipt.GetProperty("model").GetString(), receipt.GetProperty("call").GetInt32(), receipt.GetProperty("from_cache").GetBoolean()));
    }

    [Fact]
    public async Task An_export_with_receipts_is_the_run_s_output_again()
    {
        await using var folder = await CliFolder.CreateAsync();
        var job = await File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", job.Replace("{ csv: out.csv }", "{ csv: out.csv, receipt: true }"));
        await folder.RunAsync("run", "job.yaml");
        var written = await File.ReadAllLinesAsync(folder.File("out.csv"), TestContext.Current.CancellationToken);
        Assert.EndsWith("ai_label,ai_model,ai_prompt,ai_call,ai_attempt,ai_input_tokens,ai_cached_input_tokens,ai_output_tokens,ai_usd,ai_latency_ms,ai_from_cache,ai_answered_at", written[0], StringComparison.Ordinal);
        Assert.All([1, 2, 3, 4], i => Assert.Contains(",openai-compatible/pretend,", written[i], StringComparison.Ordinal));
        Assert.EndsWith(",,,,,,,,,,,", written[5], StringComparison.Ordinal);

        Assert.Equal(0, (await folder.RunAsync("export", "job.yaml", "--output", "again.csv")).Exit);
        Assert.Equal(written, await File.ReadAllLinesAsync(folder.File("again.csv"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_was_mended_in_a_reply_is_told_with_its_call()
    {
        await using var folder = await CliFolder.CreateAsync();
        await using (var store = await SqliteStore.OpenAsync(folder.File(".rowmill/rowmill.db"), TimeProvider.System, TestContext.Current.CancellationToken))
        {
            var call = await store.Calls.OpenAsync(Intent(new Lease("songs", "run-0", 1), new RowKey(1, 2)), TestContext.Current.CancellationToken);
            await store.Calls.SettleAsync(
                new CallSettlement { CallId = call, At = DateTimeOffset.UnixEpoch, Counts = new ReplyCounts(2, 0, 0, 1, 0, 0) }, TestContext.Current.CancellationToken);
        }

        var replies = (await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls")[0].GetProperty("replies");
        Assert.Equal((2, 0, 1), (replies.GetProperty("labels_mapped").GetInt32(), replies.GetProperty("extras_dropped").GetInt32(), replies.GetProperty("duplicate_ids").GetInt32()));
    }

    /// <summary>Leaves what a run leaves that is killed with its first call in flight: two rows of the table.</summary>
    private static async Task LeaveAsync(CliFolder folder, LeaseOwner owner)
    {
        var cancel = TestContext.Current.CancellationToken;
        var plan = await OpenedJob.OpenAsync(JobFile.Load(folder.File("job.yaml"), new JobFileOptions { Directory = folder.Path }).Job!, cancellationToken: cancel);
        var keys = new List<RowKey>();
        await foreach (var (_, key) in plan.KeysAsync(cancel)) keys.Add(key);
        await using var store = await SqliteStore.OpenAsync(folder.File(".rowmill/rowmill.db"), TimeProvider.System, cancel);
        var lease = (await store.Lease.AcquireAsync("songs", "run-0", owner, cancel)).Granted!;
        await store.Runs.SaveAsync(new RunRecord("run-0", "songs", RunIds.Identity(plan), DateTimeOffset.UnixEpoch, null, null), cancel);
        await store.Calls.OpenAsync(Intent(lease, keys[0], keys[1]) with { Question = plan.Scope.Question, Route = plan.Routes[0].Id }, cancel);
    }

    private static CallIntent Intent(Lease lease, params RowKey[] rows) => new()
    {
        Job = lease.Job,
        RunId = lease.RunId,
        Question = "question",
        Route = "route",
        At = DateTimeOffset.UnixEpoch,
        Rows = rows,
        Reserved = new TokenUsage(1000, 0, 500),
        MaxUsd = 0.25m,
        Lease = lease,
    };

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json);
}
