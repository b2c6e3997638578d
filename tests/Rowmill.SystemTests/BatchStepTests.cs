using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>The steps of batches one by one, as a person at a shell takes them.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class BatchStepTests
{
    private const int Rows = 30;

    private static BatchProvider OpenAi => BatchProvider.All[0];

    [Fact]
    public async Task What_is_prepared_can_be_read_and_the_steps_bring_it_to_its_end_each_as_often_as_one_likes()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows);

        var prepared = (await shop.StepAsync("prepare")).Ended(0).Document();
        var again = (await shop.StepAsync("prepare")).Ended(0).Document();

        Assert.Equal(0, shop.Server.Stats.Requests);
        var batch = Assert.Single(prepared.Batches());
        Assert.Equal(batch.Text("name"), Assert.Single(again.Batches()).Text("name"));
        AssertFile(shop, batch);

        Assert.Equal("submitted", Assert.Single((await shop.StepAsync("submit")).Ended(0).Document().Batches()).Text("phase"));
        (await shop.StepAsync("submit")).Ended(0);
        Assert.Equal(batch.Text("sha256"), Assert.Single(shop.Server.Stats.Batches).InputSha256);
        var early = (await shop.StepAsync("poll")).Ended(0).Document();
        Assert.Equal("in_batches", (await shop.StepAsync("fetch")).Ended(0).Document().Text("state"));
        Assert.Equal(Rows, Assert.Single(early.Batches()).GetProperty("open_rows").GetInt32());
        shop.PassTime();
        Assert.Equal("completed", Assert.Single((await shop.StepAsync("poll")).Ended(0).Document().Batches()).Text("state"));
        Assert.Equal("completed", (await shop.StepAsync("fetch")).Ended(0).Document().Text("state"));
        Assert.Empty(shop.Problems(Rows));
        var output = shop.Shop.Read("out.csv");
        var requests = shop.Server.Stats.Requests;
        (await shop.StepAsync("fetch")).Ended(0);
        (await shop.RunAsync()).Ended(0);

        Assert.Equal(requests, shop.Server.Stats.Requests);
        Assert.Equal(output, shop.Shop.Read("out.csv"));
        var listed = Assert.Single((await shop.StepAsync("list")).Ended(0).Document().Batches());
        Assert.Equal(("ended", Rows, 0), (listed.Text("phase"), listed.GetProperty("good_rows").GetInt32(), listed.GetProperty("open_rows").GetInt32()));
    }

    [Fact]
    public async Task Detached_it_leaves_at_once_and_comes_back()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows);

        var left = (await shop.Shop.RunAsync("batch", "run", "songs.yaml", "--detach", "--json")).Ended(0).Document();
        shop.PassTime();
        (await shop.RunAsync()).Ended(0);

        Assert.Equal(("in_batches", Rows), (left.Text("state"), (int)left.Count("rows", "pending")));
        Assert.Empty(shop.Problems(Rows));
    }

    [Fact]
    public async Task A_cancelled_batch_keeps_what_it_brought_and_the_rest_goes_again()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows);
        (await shop.StepAsync("prepare")).Ended(0);
        var name = Assert.Single((await shop.StepAsync("submit")).Ended(0).Document().Batches()).Text("name");
        shop.Server.Advance(BatchShop.Takes / 2);

        (await shop.StepAsync("cancel", "--batch", "nobody-1")).Ended(2);
        Assert.DoesNotContain(shop.Server.Stats.Batches, b => b.State is "cancelling" or "cancelled");
        (await shop.StepAsync("cancel", "--batch", name)).Ended(0);
        shop.PassTime();
        (await shop.RunAsync()).Ended(0);

        var stats = shop.Server.Stats;
        Assert.Equal(["cancelled", "completed"], stats.Batches.Select(b => b.State));
        Assert.InRange(stats.Batches[0].RowsBilled, 1, Rows - 1);
        Assert.Equal(Rows, stats.Batches.Sum(b => b.RowsBilled));
        Assert.Equal(0, stats.BatchRowsBilledTwice);
        Assert.Equal(Rows, (await shop.Shop.StoredAsync()).Count);
    }

    [Fact]
    public async Task Files_go_to_another_machine_and_back_and_a_changed_one_is_found_out()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows);
        var requests = shop.Shop.PathOf("out/requests.jsonl");
        var results = shop.Shop.PathOf("results.jsonl");

        (await shop.StepAsync("prepare", "--for", "out/requests.jsonl")).Ended(0);
        (await shop.StepAsync("prepare", "--for", "out/requests.jsonl")).Ended(2);
        Assert.StartsWith(BatchShop.Sum(requests), File.ReadAllText(requests + ".sha256"), StringComparison.Ordinal);
        File.WriteAllLines(results, File.ReadLines(requests).Select(Answer));
        File.WriteAllText(results + ".sha256", $"{new string('0', 64)}  results.jsonl\n");
        var changed = await shop.StepAsync("fetch", "--from", "results.jsonl");
        var missing = await shop.StepAsync("fetch", "--from", "nowhere.jsonl");
        File.WriteAllText(results + ".sha256", $"{BatchShop.Sum(results)}  results.jsonl\n");
        var good = (await shop.StepAsync("fetch", "--from", "results.jsonl")).Ended(0).Document();

        changed.Plainly(2, "checksum", "results.jsonl");
        missing.Plainly(2, "nowhere.jsonl");
        Assert.Equal(Rows, good.Count("rows", "answered"));
        Assert.Equal(0, shop.Server.Stats.Requests);
        (await shop.StepAsync("fetch", "--from", "results.jsonl")).Ended(0);
    }

    [Fact]
    public async Task A_refused_key_is_6_and_nothing_is_in_a_batch_for_good()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows, right: "sk-another-0a1b2c3d4e5f60718293a4b5c6d7e8f9");

        var refused = (await shop.RunAsync()).Ended(6).Document();

        Assert.Equal("refused", refused.Text("state"));
        Assert.Empty(shop.Server.Stats.Batches);
        // The mended key takes up where it was.
        shop.Shop.Variables[OpenAi.KeyVariable] = "sk-another-0a1b2c3d4e5f60718293a4b5c6d7e8f9";
        (await shop.RunAsync()).Ended(0);
        Assert.Empty(shop.Problems(Rows));
    }

    [Fact]
    public async Task A_second_run_beside_the_first_is_7_and_SIGTERM_ends_the_first_with_130_within_seconds()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows);
        var first = shop.Shop.Start("batch", "run", "songs.yaml", "--json");
        await Until.TrueAsync(() => shop.Server.Stats.Batches.Count == 1);

        (await shop.StepAsync("run")).Ended(7);
        (await shop.StepAsync("fetch")).Ended(7);
        (await shop.StepAsync("list")).Ended(0);
        await first.SignalAsync("TERM");
        var began = TimeProvider.System.GetTimestamp();
        var summary = (await first.EndAsync()).Ended(130).Document();

        // The grace for what is in flight is 4 s; the rest is for a busy machine.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 30);
        Assert.Equal("interrupted", summary.Text("state"));
        (await shop.RunAsync()).Ended(0);
        Assert.Empty(shop.Problems(Rows));
    }

    [Fact]
    public async Task Outputs_of_batches_are_merged_under_one_header()
    {
        await using var shop = await BatchShop.OpenAsync(OpenAi, Rows);
        (await shop.RunAsync("--limit", "20", "--output", "a.csv")).Ended(0);
        (await shop.RunAsync("--output", "b.csv")).Ended(0);

        var report = (await shop.Shop.RunAsync("merge", "a.csv", "b.csv", "-o", "all.csv", "--json")).Ended(0).Document();

        Assert.Equal(0, shop.Server.Stats.BatchRowsBilledTwice);
        var table = CsvTable.Parse(shop.Shop.Read("all.csv"));
        Assert.Equal(Rows + 1, table.Count);
        Assert.Equal(Enumerable.Range(1, Rows).Select(i => Workshop.Title(i)), table.Skip(1).Select(r => r[0]).Order(StringComparer.Ordinal));
        Assert.Equal(Rows, report.GetProperty("kept").GetInt32());
    }

    /// <summary>The request file is JSON lines, each complete in itself; its manifest tells its sum; only its owner reads both.</summary>
    private static void AssertFile(BatchShop shop, JsonElement batch)
    {
        var file = batch.Text("file");
        Assert.StartsWith(shop.Shop.PathOf(".rowmill/batches"), file, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var lines = File.ReadAllLines(file).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(batch.GetProperty("requests").GetInt32(), lines.Count);
        Assert.All(lines, line =>
        {
            Assert.StartsWith(batch.Text("name"), (string)line["custom_id"]!, StringComparison.Ordinal);
            Assert.Equal("gpt-4.1-mini", (string)line["body"]!["model"]!);
            Assert.Contains("How much energy", (string)line["body"]!["messages"]![0]!["content"]!, StringComparison.Ordinal);
            Assert.NotNull(line["body"]!["response_format"]);
        });
        Assert.Equal(lines.Count, lines.Select(l => (string)l["custom_id"]!).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Enumerable.Range(1, Rows).Select(i => Workshop.Title(i)), lines.SelectMany(RowsOf).Select(r => (string)r["title"]!));
        var manifest = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(file, ".manifest.json")))!;
        Assert.Equal((BatchShop.Sum(file), Path.GetFileName(file), Rows), ((string)manifest["sha256"]!, (string)manifest["file"]!, (int)manifest["rows"]!));
        Assert.Equal(new FileInfo(file).Length, (long)manifest["bytes"]!);
        Assert.Equal(BatchShop.Sum(file), batch.Text("sha256"));
    }

    private static IEnumerable<JsonNode> RowsOf(JsonNode line) =>
        JsonNode.Parse((string)line["body"]!["messages"]!.AsArray()[^1]!["content"]!)!["rows"]!.AsArray().Select(r => r!);

    /// <summary>What vLLM's batch runner writes for a request.</summary>
    private static string Answer(string request)
    {
        var line = JsonNode.Parse(request)!;
        var rows = RowsOf(line).Select(r => new JsonObject { ["id"] = (int)r["id"]!, ["energy"] = "Low", ["tags"] = new JsonArray("a"), ["reasoning"] = "so" });
        var content = new JsonObject { ["rows"] = new JsonArray([.. rows]) }.ToJsonString();
        return new JsonObject
        {
            ["id"] = "vllm-1",
            ["custom_id"] = (string)line["custom_id"]!,
            ["response"] = new JsonObject
            {
                ["status_code"] = 200,
                ["request_id"] = "vllm-batch-1",
                ["body"] = new JsonObject
                {
                    ["id"] = "chatcmpl-1",
                    ["object"] = "chat.completion",
                    ["model"] = "gpt-4.1-mini",
                    ["choices"] = new JsonArray(new JsonObject
                    {
                        ["index"] = 0,
                        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = content },
                        ["finish_reason"] = "stop",
                    }),
                    ["usage"] = new JsonObject { ["prompt_tokens"] = 100, ["completion_tokens"] = 50, ["total_tokens"] = 150 },
                },
            },
            ["error"] = null,
        }.ToJsonString();
    }
}
