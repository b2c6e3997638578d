using Microsoft.Data.Sqlite;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;
using Rowmill.Storage.Limits;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Stores;

/// <summary>What every calibration store keeps.</summary>
public abstract class CalibrationStoreContract : IDisposable
{
    protected const string Route = "groq/openai/gpt-oss-20b@https://api.groq.com/openai/v1";

    private ICalibrationStore? _store;

    protected ICalibrationStore Store => _store ??= Open();

    protected abstract ICalibrationStore Open();

    public virtual void Dispose() => GC.SuppressFinalize(this);

    [Fact]
    public async Task Nothing_is_known_of_what_was_never_added()
    {
        await Store.AddAsync(Route, "q1", Calls(3));

        Assert.Equal(default, await Store.ReadAsync(Route, "q2"));
        Assert.Equal(default, await Store.ReadAsync("groq/other", null));
    }

    [Fact]
    public async Task What_is_added_adds_up_by_question_and_by_route_in_every_sum()
    {
        await Store.AddAsync(Route, "q1", Calls(3));
        await Store.AddAsync(Route, "q1", Calls(4, input: 900));
        await Store.AddAsync(Route, "q2", Calls(5));
        await Store.AddAsync("other", "q1", Calls(7));

        Assert.Equal(Calls(3) + Calls(4, input: 900), await Store.ReadAsync(Route, "q1"));
        Assert.Equal(Calls(5), await Store.ReadAsync(Route, "q2"));
        Assert.Equal(Calls(3) + Calls(4, input: 900) + Calls(5), await Store.ReadAsync(Route, null));
    }

    [Fact]
    public async Task Old_calls_fade_so_that_a_changed_model_is_learned_anew()
    {
        for (var i = 0; i < 50; i++) await Store.AddAsync(Route, "q", Calls(100, input: 500));
        Assert.Equal(UsageMoments.Memory, (await Store.ReadAsync(Route, "q")).Calls, 6);

        for (var i = 0; i < 30; i++) await Store.AddAsync(Route, "q", Calls(100, input: 900));

        var known = await Store.ReadAsync(Route, "q");
        Assert.Equal(UsageMoments.Memory, known.Calls, 6);
        Assert.InRange(known.Input / known.Calls, 870, 899);
    }

    [Fact]
    public async Task The_form_that_a_model_takes_is_kept_by_route()
    {
        Assert.Null(await Store.FormAsync(Route));

        await Store.SetFormAsync(Route, StructuredOutput.Schema);
        await Store.SetFormAsync(Route, StructuredOutput.JsonMode);

        Assert.Equal(StructuredOutput.JsonMode, await Store.FormAsync(Route));
        Assert.Null(await Store.FormAsync("groq/other"));
    }

    [Fact]
    public async Task Sums_that_cannot_be_true_are_left_out()
    {
        await Store.AddAsync(Route, "q", Calls(3));
        await Store.AddAsync(Route, "q", Calls(3) with { Seconds = double.NaN });
        await Store.AddAsync(Route, "q", Calls(3) with { Output = -1 });
        await Store.AddAsync(Route, "q", Calls(3) with { Rows = 0 });

        Assert.Equal(Calls(3), await Store.ReadAsync(Route, "q"));
    }

    [Fact]
    public async Task Who_adds_at_the_same_moment_counts()
    {
        var store = Store;
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(async () => await store.AddAsync(Route, "q", Calls(2)))));

        Assert.Equal(80, (await store.ReadAsync(Route, "q")).Calls);
    }

    [Fact]
    public async Task The_size_of_packs_is_kept_by_route_question_and_length_and_the_last_word_counts()
    {
        await Store.SetSizeAsync(Route, "q1", new(64, 40));
        await Store.SetSizeAsync(Route, "q1", new(0, 90));
        await Store.SetSizeAsync(Route, "q1", new(64, 30));
        await Store.SetSizeAsync(Route, "q2", new(64, 10));
        await Store.SetSizeAsync(Route, "q1", new(16, 0));

        Assert.Equal([new(0, 90), new(64, 30)], await Store.SizesAsync(Route, "q1"));
        Assert.Empty(await Store.SizesAsync("other", "q1"));
        Assert.Equal(default, await Store.ReadAsync(Route, "q1"));
    }

    protected static UsageMoments Calls(int calls, long input = 800) => Enumerable.Range(0, calls)
        .Select(i => UsageMoments.Of(10, 1000 + i, new TokenUsage(input, 100, 200 + i), i == 0, TimeSpan.FromSeconds(1.5)))
        .Aggregate((a, b) => a + b);
}

public sealed class MemoryCalibrationStoreTests : CalibrationStoreContract
{
    protected override ICalibrationStore Open() => new MemoryCalibrationStore();
}

public sealed class SqliteCalibrationStoreTests : CalibrationStoreContract
{
    private readonly TempFolder _folder = new();
    private readonly VirtualClock _clock = new();
    private readonly List<IDisposable> _opened = [];

    private string FilePath => _folder.File("limits.db");

    protected override ICalibrationStore Open() => OpenFile();

    public override void Dispose()
    {
        foreach (var store in _opened) store.Dispose();
        _folder.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task What_is_known_survives_the_process_and_the_windows_live_in_the_same_file()
    {
        var first = OpenFile();
        await first.AddAsync(Route, "q", Calls(9));
        first.Dispose();
        using var windows = SqliteWindowStore.Open(FilePath, _clock);

        Assert.Equal(Calls(9), await OpenFile().ReadAsync(Route, "q"));
        Assert.Empty(await windows.ReadAsync());
    }

    [Fact]
    public async Task A_form_that_was_refused_long_ago_is_tried_anew()
    {
        await Store.SetFormAsync(Route, StructuredOutput.JsonMode);

        _clock.Advance(TimeSpan.FromDays(13));
        Assert.Equal(StructuredOutput.JsonMode, await OpenFile().FormAsync(Route));
        _clock.Advance(TimeSpan.FromDays(2));
        Assert.Null(await Store.FormAsync(Route));
    }

    [Fact]
    public async Task Processes_that_add_at_the_same_moment_all_count()
    {
        var stores = Enumerable.Range(0, 4).Select(_ => OpenFile()).ToList();
        await Task.WhenAll(stores.SelectMany(s => Enumerable.Range(0, 25).Select(_ => Task.Run(async () => await s.AddAsync(Route, "q", Calls(2))))));

        Assert.Equal(200, (await stores[0].ReadAsync(Route, "q")).Calls);
    }

    [Theory]
    [InlineData("'no json'")]
    [InlineData("'{\"calls\":\"many\"}'")]
    [InlineData("'{\"calls\":1e999}'")]
    [InlineData("'{\"calls\":5,\"rows\":-3}'")]
    [InlineData("'{\"calls\":5}'")]
    [InlineData("'null'")]
    [InlineData("x'00ff'")]
    [InlineData("17")]
    public async Task A_damaged_value_is_unknown_and_replaced_by_what_comes_next(string value)
    {
        var store = OpenFile();
        await store.AddAsync(Route, "damaged", Calls(9));
        await store.AddAsync(Route, "sound", Calls(2));
        using (var raw = new SqliteConnection($"Data Source={FilePath};Pooling=False"))
        {
            raw.Open();
            using var command = raw.CreateCommand();
            command.CommandText = $"update calibration set moments = {value} where question = 'damaged'";
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        Assert.Equal(default, await store.ReadAsync(Route, "damaged"));
        Assert.Equal(Calls(2), await store.ReadAsync(Route, null));

        await store.AddAsync(Route, "damaged", Calls(3));
        Assert.Equal(Calls(3), await store.ReadAsync(Route, "damaged"));
    }

    [Fact]
    public void A_file_that_is_no_database_is_named()
    {
        File.WriteAllText(FilePath, string.Concat(Enumerable.Repeat("no database ", 500)));

        Assert.Contains(FilePath, Assert.Throws<StoreException>(() => OpenFile()).Message);
    }

    private SqliteCalibrationStore OpenFile()
    {
        var store = SqliteCalibrationStore.Open(FilePath, _clock);
        _opened.Add(store);
        return store;
    }
}
