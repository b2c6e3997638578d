using System.Text.Json;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Storage.Limits;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Cli;

public sealed class LimitsCommandTests
{
    private static readonly WindowOwner s_groq = new("groq", "https://api.groq.com/openai/v1", "me", "gpt-oss");
    private static readonly WindowOwner s_gemini = new("gemini", "https://generativelanguage.googleapis.com", "you", "flash");

    [Fact]
    public async Task With_nothing_known_it_says_so_and_makes_no_file()
    {
        await using var folder = await CliFolder.CreateAsync();

        var people = await folder.RunAsync("limits");
        var json = (await folder.RunAsync("limits", "--json")).Json;

        Assert.Equal((0, "No limits are known yet: no request has been counted against one."), (people.Exit, people.Out.Trim()));
        Assert.Equal((0, 0), (json.GetProperty("windows").GetArrayLength(), json.GetProperty("holds").GetArrayLength()));
        Assert.False(System.IO.File.Exists(folder.File("state/limits.db")));
    }

    [Fact]
    public async Task Every_window_and_hold_is_told_with_its_numbers_and_times()
    {
        await using var folder = await CliFolder.CreateAsync();
        await FillAsync(folder);

        var json = (await folder.RunAsync("limits", "--json")).Json;

        Assert.Equal(["requests_per_day", "requests_per_minute", "tokens_per_day"], json.GetProperty("windows").EnumerateArray().Select(w => w.GetProperty("window").GetString()));
        var (day, minute, tokens) = (json.GetProperty("windows")[0], json.GetProperty("windows")[1], json.GetProperty("windows")[2]);
        Assert.Equal(("gemini", "flash", "calendar", "job"), (Text(day, "provider"), Text(day, "model"), Text(day, "kind"), Text(day, "source")));
        Assert.Equal((20, 1, 19), (day.GetProperty("limit").GetInt32(), day.GetProperty("used").GetInt32(), day.GetProperty("left").GetInt32()));
        Assert.Equal("2026-03-02T08:00:00.000Z", Text(day, "resets_at"));
        Assert.Equal(("refilling", "job", "2026-03-01T12:00:30.000Z"), (Text(minute, "kind"), Text(minute, "source"), Text(minute, "next_fits_at")));
        Assert.Equal(("learned", "2026-03-01T12:00:00.000Z", "me"), (Text(tokens, "source"), Text(tokens, "learned_at"), Text(tokens, "account")));
        Assert.Equal(200_000, tokens.GetProperty("capacity").GetInt32());
        var hold = Assert.Single(json.GetProperty("holds").EnumerateArray());
        Assert.Equal(("gpt-oss", "slow down", "2026-03-01T13:00:00.000Z"), (Text(hold, "model"), Text(hold, "reason"), Text(hold, "until")));
    }

    [Fact]
    public async Task People_read_a_table()
    {
        await using var folder = await CliFolder.CreateAsync();
        await FillAsync(folder);

        var lines = (await folder.RunAsync("limits")).Out.Split('\n').Select(l => l.TrimEnd()).ToList();

        Assert.Equal("gemini/flash  (account you, https://generativelanguage.googleapis.com)", lines[0]);
        Assert.StartsWith("  requests per day  1 of 20 used  19 left  resets ", lines[1], StringComparison.Ordinal);
        Assert.Equal("", lines[2]);
        Assert.StartsWith("  held until ", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("  requests per minute            2 of 2 used        0 left  unused again ", lines[5], StringComparison.Ordinal);
        Assert.EndsWith(", opens in 30 s", lines[5], StringComparison.Ordinal);
        Assert.StartsWith("  tokens per day       1,000 of 200,000 used  199,000 left  ", lines[6], StringComparison.Ordinal);
        Assert.EndsWith(", told by the service", lines[6], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_of_batch_jobs_is_one_more_window()
    {
        await using var folder = await CliFolder.CreateAsync();
        await FillAsync(folder);
        using (var store = SqliteWindowStore.Open(folder.File("state/limits.db"), folder.Clock))
        {
            var until = folder.Clock.GetUtcNow().AddHours(48);
            foreach (var (batch, tokens) in new[] { ("a", 600), ("b", 1_000) })
                await store.EnqueueAsync(new(s_gemini, new RouteLimits { EnqueuedTokens = 3_000_000 }, batch, tokens, until), TestContext.Current.CancellationToken);
            await store.EnqueueAsync(new(s_groq with { Model = "other" }, RouteLimits.None, "c", 7_000, until), TestContext.Current.CancellationToken);
        }

        var queues = (await folder.RunAsync("limits", "--json")).Json.GetProperty("windows").EnumerateArray().Where(w => Text(w, "window") == "enqueued_tokens").ToList();
        var lines = (await folder.RunAsync("limits")).Out.Split('\n').Select(l => l.TrimEnd()).ToList();

        Assert.Equal(["flash", "other"], queues.Select(q => Text(q, "model")));
        Assert.Equal(("queue", "job"), (Text(queues[0], "kind"), Text(queues[0], "source")));
        Assert.Equal([3_000_000, 1_600, 2_998_400, 2], new[] { "limit", "used", "left", "batches" }.Select(n => queues[0].GetProperty(n).GetInt64()));
        Assert.Equal([JsonValueKind.Null, JsonValueKind.Null, JsonValueKind.Null], new[] { "limit", "left", "source" }.Select(n => queues[1].GetProperty(n).ValueKind));
        Assert.Equal((7_000, 1), (queues[1].GetProperty("used").GetInt64(), queues[1].GetProperty("batches").GetInt64()));
        Assert.Equal("  enqueued tokens   1,600 of 3,000,000 used  2,998,400 left  2 batches", lines[2]);
        Assert.Contains("  enqueued tokens  7,000 used    1 batch, no limit is known", lines);
    }

    private static async Task FillAsync(CliFolder folder)
    {
        var stop = TestContext.Current.CancellationToken;
        var clock = new VirtualClock();
        folder.Clock = clock;
        using var store = SqliteWindowStore.Open(folder.File("state/limits.db"), clock);
        await store.ReserveAsync(new(s_gemini, new RouteLimits { RequestsPerDay = 20 }, new(10, 10)), stop);
        for (var i = 0; i < 2; i++) await store.ReserveAsync(new(s_groq, new RouteLimits { RequestsPerMinute = 2 }, new(300, 200)), stop);
        await store.ObserveAsync(s_groq, [new LimitReading(LimitNames.TokensPerDay) { Limit = 200_000, Remaining = 199_000 }], clock.GetUtcNow(), stop);
        await store.HoldAsync(s_groq, new(clock.GetUtcNow() + TimeSpan.FromHours(1), "slow down"), stop);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
