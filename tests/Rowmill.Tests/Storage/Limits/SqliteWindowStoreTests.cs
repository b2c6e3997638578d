using Microsoft.Data.Sqlite;
using Rowmill.Core;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;
using Rowmill.Storage.Limits;
using Rowmill.Tests.Limits;

namespace Rowmill.Tests.Storage.Limits;

public sealed class SqliteWindowStoreTests : WindowStoreContract
{
    private static readonly LeaseOwner s_first = new("here", 1, "10");
    private static readonly LeaseOwner s_second = new("here", 2, "20");
    private static readonly RouteLimits s_minute = new() { TokensPerMinute = 600 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rowmill-limits-");
    private readonly List<SqliteWindowStore> _opened = [];
    private readonly HashSet<LeaseOwner> _dead = [];

    private string FilePath => Path.Combine(_folder.FullName, "state", "limits.db");

    protected override IWindowStore Open() => Open(s_first);

    public override void Dispose()
    {
        foreach (var store in _opened) store.Dispose();
        _folder.Delete(recursive: true);
        base.Dispose();
    }

    [Fact]
    public async Task Usage_and_fingerprints_survive_the_process()
    {
        var print = await Store.FingerprintAsync("key");
        await Ask(new() { TokensPerDay = 1_000 }, 1_000);
        _opened[0].Dispose();
        Clock.Advance(TimeSpan.FromHours(6));

        var later = Open(s_second);

        Assert.Equal(750, Assert.Single(await later.LinesAsync()).Used);
        Assert.Equal(TimeSpan.FromHours(6), (await Ask(later, new() { TokensPerDay = 1_000 }, 500)).Wait);
        Assert.Equal(print, await later.FingerprintAsync("key"));
    }

    [Fact]
    public async Task Another_user_s_fingerprint_of_the_same_key_differs()
    {
        using var other = SqliteWindowStore.Open(Path.Combine(_folder.FullName, "other.db"), Clock);

        Assert.NotEqual(await Store.FingerprintAsync("key"), await other.FingerprintAsync("key"));
    }

    [Fact]
    public async Task Two_processes_share_the_windows_and_the_order()
    {
        var (one, two) = (Open(s_first), Open(s_second));
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull((await Ask(one, s_minute, 100)).Reservation);
            Assert.NotNull((await Ask(two, s_minute, 100)).Reservation);
        }

        var first = await Ask(one, s_minute, 500, TimeSpan.FromMinutes(2));
        var second = await Ask(two, s_minute, 100, TimeSpan.FromMinutes(2));
        Assert.Equal((50, 60), (first.Wait.TotalSeconds, second.Wait.TotalSeconds));

        Clock.Advance(first.Wait);
        Assert.Null((await Ask(two, s_minute, 100, TimeSpan.FromMinutes(2), second.Place)).Reservation);
        Assert.NotNull((await Ask(one, s_minute, 500, TimeSpan.FromMinutes(2), first.Place)).Reservation);
    }

    [Fact]
    public async Task Processes_that_ask_at_the_same_moment_never_get_more_than_there_is()
    {
        var stores = Enumerable.Range(0, 4).Select(i => Open(s_first with { ProcessId = i })).ToList();
        var limits = new RouteLimits { RequestsPerDay = 50 };

        var grants = await Task.WhenAll(stores.SelectMany(s => Enumerable.Range(0, 25).Select(_ => Task.Run(async () => await Ask(s, limits, 1)))));

        Assert.Equal(50, grants.Count(g => g.Reservation is not null));
        Assert.Equal(50, grants.Where(g => g.Reservation is not null).Select(g => g.Reservation).Distinct().Count());
    }

    [Fact]
    public async Task A_dead_process_s_place_is_free_and_what_it_reserved_stays_charged_because_it_may_have_left()
    {
        var (one, two) = (Open(s_first), Open(s_second));
        await Ask(one, s_minute, 600);
        await Ask(one, s_minute, 300, TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.FromSeconds(90), (await Ask(two, s_minute, 600)).Wait);

        _dead.Add(s_first);

        Assert.Equal(TimeSpan.FromSeconds(60), (await Ask(two, s_minute, 600)).Wait);
        Assert.Equal(600, Assert.Single(await two.LinesAsync()).Used);
    }

    [Fact]
    public async Task Of_what_a_dead_process_reserved_what_it_probably_took_stays_charged()
    {
        var (one, two) = (Open(s_first), Open(s_second));
        var limits = new RouteLimits { RequestsPerMinute = 10, TokensPerMinute = 1_000 };
        await one.ReserveAsync(new(Groq, limits, new(300, 600) { ExpectedOutputTokens = 100 }));
        Assert.Equal("tokens_per_minute", (await Ask(two, limits, 200)).Window);
        Assert.Equal(new[] { 1d, 900 }, await Used("requests_per_minute", "tokens_per_minute"));

        _dead.Add(s_first);

        Assert.NotNull((await Ask(two, limits, 200)).Reservation);
        Assert.Equal(new[] { 2d, 600 }, await Used("requests_per_minute", "tokens_per_minute"));
    }

    [Fact]
    public async Task A_reservation_whose_holder_cannot_be_seen_returns_after_its_time()
    {
        var (far, two) = (Open(new LeaseOwner("elsewhere", 1, "1")), Open(s_second));
        var limits = new RouteLimits { TokensPerDay = 1_000 };
        await far.ReserveAsync(new(Groq, limits, new(300, 700) { ExpectedOutputTokens = 0 }));
        Clock.Advance(OwnerWindows.Expiry);
        Assert.Null((await Ask(two, limits, 300)).Reservation);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull((await Ask(two, limits, 300)).Reservation);
    }

    [Fact]
    public async Task What_one_process_learns_and_holds_binds_the_other()
    {
        var (one, two) = (Open(s_first), Open(s_second));
        await one.ObserveAsync(Groq, [new(LimitNames.TokensPerMinute) { Limit = 600, Remaining = 100 }], Clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(10), (await Ask(two, new(), 200)).Wait);

        await one.HoldAsync(Groq, new(Clock.GetUtcNow() + TimeSpan.FromMinutes(3), "busy"));
        Assert.Equal("busy", (await Ask(two, new(), 200)).Hold!.Reason);
        Clock.Advance(TimeSpan.FromMinutes(3));
        var probe = await Ask(two, new(), 200);
        Assert.Null((await Ask(one, new(), 200)).Reservation);
        await two.SettleAsync(probe.Reservation!.Value, new(new TokenUsage(200, 0, 0)));
        Assert.NotNull((await Ask(one, new(), 200)).Reservation);
    }

    [Fact]
    public async Task A_file_of_the_first_format_is_taken_over_with_all_it_holds()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        var at = Clock.GetUtcNow().UtcTicks;
        using (var raw = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            raw.Open();
            using var command = raw.CreateCommand();
            command.CommandText = FirstFormat.Schema + $"""
                insert into meta values ('salt', x'{new string('a', 64)}');
                insert into owner values (7, '{Groq.Provider}', '{Groq.BaseUrl}', '{Groq.Account}', '{Groq.Model}');
                insert into usage values (7, 'tokens_per_minute', 1, {TimeSpan.TicksPerMinute}, 600, 600, 500, {at});
                insert into claim values (41, 7, 0, 1, 300, 200, 100, {at}, {at + TimeSpan.TicksPerHour}, 'here', 1, '10');
                insert into claim values (42, 7, 1, 1, 300, 300, 0, {at}, {at + TimeSpan.TicksPerHour}, 'here', 1, '10');
                pragma user_version = 1;
                """;
            command.ExecuteNonQuery();
        }

        var store = Open(s_second);
        Assert.Equal(500, Assert.Single(await store.LinesAsync()).Used);
        Assert.Equal(TimeSpan.FromSeconds(30), (await Ask(store, s_minute, 100)).Wait);
        await store.ReleaseAsync(42);
        await store.SettleAsync(41, new(new TokenUsage(200, 0, 50)));
        Assert.Equal(450, Assert.Single(await store.LinesAsync()).Used);
        Assert.Equal(43, (await Ask(store, s_minute, 100)).Reservation);
        await store.HoldAsync(Groq, new(Clock.GetUtcNow() + TimeSpan.FromMinutes(1), "busy"));
        Assert.Equal("busy", (await Open(s_first).ReadAsync())[0].Hold!.Reason);
        using var calibrations = SqliteCalibrationStore.Open(FilePath, Clock);
        Assert.Equal(default, await calibrations.ReadAsync("route", null));
    }

    [Fact]
    public async Task A_file_of_the_second_format_is_taken_over_and_gains_the_queue()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        using (var raw = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            raw.Open();
            using var command = raw.CreateCommand();
            command.CommandText = SecondFormat.Schema + $"""
                insert into owner (id, provider, base_url, account, model) values (7, '{Groq.Provider}', '{Groq.BaseUrl}', '{Groq.Account}', '{Groq.Model}');
                insert into usage (owner, window, measure, span, capacity, quota, used, at) values (7, 'tokens_per_minute', 1, {TimeSpan.TicksPerMinute}, 600, 600, 500, {Clock.GetUtcNow().UtcTicks});
                pragma user_version = 2;
                """;
            command.ExecuteNonQuery();
        }

        var store = Open(s_second);
        Assert.Equal(500, Assert.Single(await store.LinesAsync()).Used);
        Assert.Null((await store.ReadAsync())[0].Queue);
        Assert.True((await store.EnqueueAsync(new(Groq, new() { EnqueuedTokens = 1_000 }, "a", 600, Clock.GetUtcNow().AddHours(1)))).Granted);
        Assert.Equal(600, (await Open(s_first).ReadAsync())[0].Queue!.Used);
    }

    [Fact]
    public async Task The_queue_survives_the_process_and_is_shared_by_others()
    {
        var limits = new RouteLimits { EnqueuedTokens = 1_000 };
        QueueRequest Batch(string name, long tokens) => new(Groq, limits, name, tokens, Clock.GetUtcNow().AddHours(48));
        Assert.True((await Store.EnqueueAsync(Batch("a", 600))).Granted);
        await Store.LearnQueueAsync(Groq, 900);
        _opened[0].Dispose();

        var later = Open(s_second);
        Assert.False((await later.EnqueueAsync(Batch("b", 301))).Granted);
        Assert.True((await later.EnqueueAsync(Batch("b", 300))).Granted);
        var other = Open(s_first);
        Assert.Equal(new QueueState(900, 900) { Batches = 2, Source = WindowSource.Learned }, await other.QueueAsync(Groq, limits));
        await other.DequeueAsync(Groq, "a");
        Assert.Equal(300, (await later.QueueAsync(Groq, limits)).Used);
        Clock.Advance(TimeSpan.FromHours(48));
        Assert.Equal(0, (await later.QueueAsync(Groq, limits)).Used);
        Assert.True((await other.EnqueueAsync(Batch("b", 900))).Granted);
        Assert.Equal(900, (await later.QueueAsync(Groq, limits)).Used);
    }

    [Fact]
    public async Task Settling_what_another_process_reserved_counts_in_its_owner_s_windows()
    {
        var grant = await Ask(Open(s_first), s_minute, 600);
        var two = Open(s_second);
        await two.SettleAsync(grant.Reservation!.Value, new(new TokenUsage(40, 0, 20)));

        Assert.Equal(60, Assert.Single(await two.LinesAsync()).Used);
    }

    [Fact]
    public async Task Only_the_user_can_read_the_files()
    {
        if (OperatingSystem.IsWindows()) return;
        await Ask(s_minute, 1);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(FilePath)!));
        var files = Directory.GetFiles(Path.GetDirectoryName(FilePath)!);
        Assert.Equal(3, files.Length);
        foreach (var file in files) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, string.Concat(Enumerable.Repeat("no database ", 500)));

        var e = Assert.Throws<StoreException>(() => Open(s_first));

        Assert.Contains(FilePath, e.Message);
        Assert.Contains("move it away", e.Message);
    }

    [Fact]
    public void A_newer_version_s_file_is_left_alone()
    {
        Open(s_first).Dispose();
        using (var raw = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            raw.Open();
            using var command = raw.CreateCommand();
            command.CommandText = "pragma user_version = 99";
            command.ExecuteNonQuery();
        }

        Assert.Contains("newer", Assert.Throws<StoreException>(() => Open(s_first)).Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");

        Assert.Contains(file, Assert.Throws<StoreException>(() => SqliteWindowStore.Open(Path.Combine(file, "limits.db"), Clock)).Message);
    }

    private SqliteWindowStore Open(LeaseOwner self)
    {
        var store = SqliteWindowStore.Open(FilePath, Clock, TimeSpan.Zero, self, o => o.Host == "here" ? !_dead.Contains(o) : null);
        _opened.Add(store);
        return store;
    }

    private static ValueTask<WindowGrant> Ask(IWindowStore store, RouteLimits limits, long tokens, TimeSpan patience = default, long? place = null) =>
        store.ReserveAsync(new(Groq, limits, new(tokens, 0)) { Patience = patience, Place = place });
}
