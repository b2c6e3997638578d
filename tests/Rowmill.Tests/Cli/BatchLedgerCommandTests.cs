using System.Text.Json;
using Rowmill.Core;
using Rowmill.Core.Stores;
using Rowmill.Simulator;
using Rowmill.Storage.Sqlite;

namespace Rowmill.Tests.Cli;

/// <summary>What <c>status</c>, <c>calls</c> and <c>check</c> tell of batches.</summary>
public sealed class BatchLedgerCommandTests
{
    /// <summary>A model whose interface has no batches.</summary>
    private const string Alone = "openai-compatible/alone";

    private static readonly SimulatorOptions s_atOnce = new() { Batches = new SimulatorBatchOptions { Takes = TimeSpan.Zero } };

    [Fact]
    public async Task Status_tells_what_is_in_batches()
    {
        await using var folder = await CliFolder.CreateAsync(s_atOnce);
        var before = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal((0, 0), (before.GetProperty("rows_in_batches").GetInt32(), before.GetProperty("batches").GetArrayLength()));
        Assert.DoesNotContain("batch", (await folder.RunAsync("status", "job.yaml")).Out, StringComparison.Ordinal);

        await folder.RunAsync("batch", "prepare", "job.yaml");
        Assert.Contains("3 rows are in 1 batch\n", (await folder.RunAsync("status", "job.yaml")).Out, StringComparison.Ordinal);
        await folder.RunAsync("batch", "submit", "job.yaml");
        var under = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        var batch = Assert.Single(under.GetProperty("batches").EnumerateArray());
        Assert.Equal((3, 3, "submitted"), (under.GetProperty("rows_in_batches").GetInt32(), batch.GetProperty("open_rows").GetInt32(), batch.GetProperty("phase").GetString()));
        var text = (await folder.RunAsync("status", "job.yaml")).Out;
        Assert.Contains($"  {batch.GetProperty("name").GetString()}  openai-compatible/pretend, 3 rows in 1 request: ", text, StringComparison.Ordinal);
        Assert.Contains("3 rows are in 1 batch\n", text, StringComparison.Ordinal);

        await folder.RunAsync("batch", "fetch", "job.yaml");
        var after = (await folder.RunAsync("status", "job.yaml", "--json")).Json;
        Assert.Equal((0, "ended"), (after.GetProperty("rows_in_batches").GetInt32(), after.GetProperty("batches")[0].GetProperty("phase").GetString()));
        Assert.DoesNotContain("batch", (await folder.RunAsync("status", "job.yaml")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_was_a_line_of_a_batch_says_so()
    {
        await using var folder = await CliFolder.CreateAsync(s_atOnce);
        foreach (var step in new[] { "prepare", "submit", "fetch" }) await folder.RunAsync("batch", step, "job.yaml");

        var call = Assert.Single((await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls").EnumerateArray());
        var tokens = call.GetProperty("tokens");
        Assert.Equal(1, call.GetProperty("line").GetInt32());
        Assert.Equal((tokens.GetProperty("input").GetInt32() + 2 * tokens.GetProperty("output").GetInt32()) / 2e6m, call.GetProperty("usd").GetDecimal());
        Assert.Contains($"  {call.GetProperty("batch").GetString()} line 1  ", (await folder.RunAsync("calls", "job.yaml")).Out, StringComparison.Ordinal);
        var row = (await folder.RunAsync("calls", "job.yaml", "--row", "2", "--json")).Json;
        Assert.Equal("answered", row.GetProperty("receipt").GetProperty("status").GetString());
        Assert.InRange(row.GetProperty("receipt").GetProperty("usd").GetDecimal(), call.GetProperty("usd").GetDecimal() / 4, call.GetProperty("usd").GetDecimal() / 2);

        folder.WriteJob(prompt: "Label the song anew.");
        await folder.RunAsync("run", "job.yaml");
        var online = (await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls")[1];
        Assert.False(online.TryGetProperty("batch", out _));
    }

    [Fact]
    public async Task A_batch_that_the_provider_may_have_is_told_wherever_doubt_is()
    {
        await using var folder = await CliFolder.CreateAsync(s_atOnce);
        await folder.RunAsync("batch", "prepare", "job.yaml");
        var name = await LeaveAsync(folder);

        var status = (await folder.RunAsync("status", "job.yaml", "--json")).Json.GetProperty("in_doubt");
        Assert.Equal((1, 3, 1), (status.GetProperty("calls").GetInt32(), status.GetProperty("rows").GetInt32(), status.GetProperty("batches").GetInt32()));
        Assert.Contains("1 call with 3 rows (1 batch among them) in doubt, ", (await folder.RunAsync("status", "job.yaml")).Out, StringComparison.Ordinal);
        var call = Assert.Single((await folder.RunAsync("calls", "job.yaml", "--in-doubt", "--json")).Json.GetProperty("calls").EnumerateArray());
        Assert.Equal((name, "in_doubt", 3), (call.GetProperty("batch").GetString(), call.GetProperty("state").GetString(), call.GetProperty("rows").GetInt32()));
        Assert.Equal(status.GetProperty("usd").GetDecimal(), call.GetProperty("max_usd").GetDecimal());
        Assert.Contains($"{name}: 3 rows in 1 request  in doubt, ", (await folder.RunAsync("calls", "job.yaml", "--in-doubt")).Out, StringComparison.Ordinal);
        Assert.Empty((await folder.RunAsync("calls", "job.yaml", "--json")).Json.GetProperty("calls").EnumerateArray());

        // It is looked for, and stays in doubt until the list has had its time, or a person gives it up.
        var fetched = await folder.RunAsync("batch", "fetch", "job.yaml", "--json");
        Assert.Equal(1, fetched.Json.GetProperty("in_doubt").GetProperty("batches").GetInt32());
        Assert.Contains("1 batch of an earlier run may be with the provider without our knowing", fetched.Error, StringComparison.Ordinal);
        Assert.Contains(name, (await folder.RunAsync("calls", "job.yaml", "--in-doubt")).Out, StringComparison.Ordinal);
        await folder.RunAsync("batch", "cancel", "job.yaml", "--batch", name);
        Assert.Equal("No such call.", (await folder.RunAsync("calls", "job.yaml", "--in-doubt")).Out.Trim());
        Assert.Equal(0, (await folder.RunAsync("status", "job.yaml", "--json")).Json.GetProperty("in_doubt").GetProperty("calls").GetInt32());
    }

    [Fact]
    public async Task Check_tells_what_a_batch_takes_and_costs()
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, "gemini/gemini-2.5-flash", "limits: { enqueued_tokens: 3000000 }\n    price: { input: 1, output: 2, batch_input: 0.4 }", "batch: { rollout: [10], gate: 90, deadline: 36h }");

        var check = await folder.RunAsync("check", "job.yaml");
        Assert.Contains(
            "\ngemini/gemini-2.5-flash: in a batch: 200,000 requests, 2,000 MB, 24 h at most; 100 batches at a time; 3,000,000 enqueued tokens; "
            + "USD per million tokens: 0.4 input, 1 output, half of the others where it is not known\n", check.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("batch.", check.Out, StringComparison.Ordinal);
        var json = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("routes")[0].GetProperty("batch");
        Assert.Equal((200_000, 100, 86400d, 0.4m), (
            json.GetProperty("requests").GetInt32(), json.GetProperty("at_once").GetInt32(), json.GetProperty("window_seconds").GetDouble(), json.GetProperty("prices").GetProperty("input").GetDecimal()));

        Use(folder, Alone, "", "");
        Assert.Equal(JsonValueKind.Null, (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("routes")[0].GetProperty("batch").ValueKind);
        Assert.DoesNotContain("in a batch", (await folder.RunAsync("check", "job.yaml")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Alone, "", "batch: { rollout: [100] }", "batch", "None of the job's models has a batch API, so this says nothing.")]
    [InlineData(Alone, "limits: { enqueued_tokens: 5 }", "", "models[0].limits.enqueued_tokens", Alone + " has no batch API, so this never binds.")]
    [InlineData("gemini/gemini-2.5-flash", "", "batch: { gate: 80 }", "batch.gate", "A gate is for the stages of a rollout, and there is none.")]
    [InlineData("gemini/gemini-2.5-flash", "", "batch: { deadline: 6h }", "batch.deadline", "6 h are less than the 24 h within which a batch is promised")]
    public async Task Check_warns_of_what_says_nothing_about_batches(string model, string more, string batch, string key, string message)
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, model, more, batch);

        var warnings = (await folder.RunAsync("check", "job.yaml", "--json")).Json.GetProperty("warnings").EnumerateArray();

        var warning = Assert.Single(warnings, w => w.GetProperty("key").GetString() == key);
        Assert.StartsWith(message, warning.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Null, warning.GetProperty("line").ValueKind);
    }

    private static void Use(CliFolder folder, string model, string more, string batch)
    {
        folder.WriteJob(batch);
        var job = File.ReadAllText(folder.File("job.yaml"));
        job = job.Replace("openai-compatible/pretend", model, StringComparison.Ordinal).Replace(folder.Server.BaseAddress.ToString().TrimEnd('/'), model == Alone ? "https://api.test/openai/deployments/d" : "https://api.test", StringComparison.Ordinal);
        folder.Write("job.yaml", more.Length == 0 ? job : job.Replace("price: { input: 1, output: 2 }", more, StringComparison.Ordinal));
    }

    /// <summary>Leaves what a run leaves that is killed between an upload and the reply to the creation.</summary>
    private static async Task<string> LeaveAsync(CliFolder folder)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var store = await SqliteStore.OpenAsync(folder.File(".rowmill/rowmill.db"), TimeProvider.System, cancel);
        var lease = (await store.Lease.AcquireAsync("songs", "run-0", LeaseOwner.Current() with { ProcessId = int.MaxValue }, cancel)).Granted!;
        var batch = Assert.Single(await store.Batches.ReadAsync("songs", cancel));
        await store.Batches.SaveAsync(lease, batch with { Phase = BatchPhase.Submitting, Upload = "file-gone", SubmittedAt = DateTimeOffset.UnixEpoch }, cancel);
        return batch.Name;
    }
}
