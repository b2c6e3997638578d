using Microsoft.Data.Sqlite;
using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;
using Rowmill.Tests.Support;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Storage.Sqlite;

/// <summary>A store whose file was damaged tells so or gives what was stored; it never gives anything else.</summary>
public sealed class DamageTests : IDisposable
{
    private const int Rows = 120;
    private const int PackRows = 6;

    private static readonly AnswerScope s_scope = new("question", ["a/x@http://one"]);
    private readonly TempFolder _folder = new();
    private readonly VirtualClock _clock = new();

    private string Path => _folder.File("store.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whatever_bytes_flip_no_row_gets_an_answer_that_was_not_stored_for_it()
    {
        var whole = await StoreAsync();
        int flips = Environment.GetEnvironmentVariable("ROWMILL_LONG") is null or "" ? 300 : 20_000, told = 0, missing = 0;
        for (var seed = 1; seed <= flips; seed++)
        {
            var random = new Random(seed);
            var bytes = whole.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(Path, bytes);
            try
            {
                await using var store = await SqliteStore.OpenAsync(Path, _clock);
                var found = await store.Answers.FindAsync(s_scope, [.. Enumerable.Range(0, Rows)]);
                for (var row = 0; row < Rows; row++) Assert.True(found[row] is null || found[row].Text() == Json(row), $"seed {seed}, row {row}: {found[row].Text()}");
                missing += found.Count(f => f is null);
            }
            catch (StoreException e)
            {
                Assert.Contains(Path, e.Message, StringComparison.Ordinal);
                told++;
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{flips} damaged stores: {told} told so, {missing} rows not found in the others, no wrong answer");
        Assert.InRange(told, flips / 10, flips);
    }

    [Theory]
    [InlineData("\"High\"", "\"Hugh\"")]
    [InlineData("{\"sum\"", "{\"sun\"")]
    [InlineData("}\n{\"answer\"", "} {\"answer\"")]
    [InlineData("{\"answer\"", "{\"abswer\"")]
    public async Task A_pack_that_is_not_what_was_stored_is_damage(string was, string isNow)
    {
        await using (var store = await SqliteStore.OpenAsync(Path, _clock)) await store.Answers.AppendAsync(Pack(Answer(1), Answer(2)));
        Execute("UPDATE packs SET lines = replace(lines, $1, $2)", was, isNow);

        await FailsAsync("does not have its checksum");
    }

    [Fact]
    public async Task A_pack_of_other_rows_or_another_model_is_damage()
    {
        await using (var store = await SqliteStore.OpenAsync(Path, _clock)) await store.Answers.AppendAsync(Pack(Answer(1), Answer(2)) with { Route = "a/z@http://one" });
        Execute("UPDATE names SET name = replace(name, $1, $2)", "a/z", "a/x");

        await FailsAsync("does not have its checksum");
    }

    [Fact]
    public async Task A_pack_from_before_there_were_checksums_is_taken_when_it_can_be_read()
    {
        await using (var store = await SqliteStore.OpenAsync(Path, _clock)) await store.Answers.AppendAsync(Pack(Answer(1), Answer(2)));
        Execute("UPDATE packs SET lines = substr(lines, 1, length(lines) - $1)", PackSum.Length);

        await using var old = await SqliteStore.OpenAsync(Path, _clock);
        Assert.All(await old.Answers.FindAsync(s_scope, 1, 2), Assert.NotNull);
    }

    [Fact]
    public async Task A_file_cut_in_the_middle_of_a_page_is_not_opened()
    {
        var whole = await StoreAsync();
        await File.WriteAllBytesAsync(Path, whole[..^1000]);

        var e = await Assert.ThrowsAsync<StoreException>(async () => await SqliteStore.OpenAsync(Path, _clock));

        Assert.Contains("ends in the middle of a page", e.Message, StringComparison.Ordinal);
        Assert.Contains(".recover", e.Message, StringComparison.Ordinal);
        Assert.Equal(whole[..^1000], await File.ReadAllBytesAsync(Path));
    }

    [Fact]
    public async Task An_empty_file_keeps_its_log()
    {
        await using (var store = await SqliteStore.OpenAsync(Path, _clock))
        {
            await store.Answers.AppendAsync(Pack(Answer(1)));
            File.Copy(Path + "-wal", _folder.File("log"));
        }

        await File.WriteAllBytesAsync(Path, []);
        File.Copy(_folder.File("log"), Path + "-wal");

        var e = await Assert.ThrowsAsync<StoreException>(async () => await SqliteStore.OpenAsync(Path, _clock));

        Assert.Contains("empty, but its log", e.Message, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllBytesAsync(_folder.File("log")), await File.ReadAllBytesAsync(Path + "-wal"));
    }

    [Fact]
    public async Task Paths_that_can_be_no_store_are_told_apart_from_broken_ones()
    {
        Directory.CreateDirectory(_folder.File("folder"));
        await File.WriteAllTextAsync(_folder.File("it's text"), new string('x', 5000));
        foreach (var name in (string[])["folder", "it's text", "it's text/store.db"])
        {
            var e = await Assert.ThrowsAsync<StoreException>(async () => await SqliteStore.OpenAsync(_folder.File(name), _clock));
            Assert.True(e.WrongPath, e.Message);
            Assert.Contains("--store", e.Message, StringComparison.Ordinal);
        }
    }

    private static string Json(int row) => $$"""{"mood":"High","why":"row {{row}}"}""";

    private async Task<byte[]> StoreAsync()
    {
        await using (var store = await SqliteStore.OpenAsync(Path, _clock))
        {
            foreach (var rows in Enumerable.Range(0, Rows).Chunk(PackRows)) await store.Answers.AppendAsync(Pack([.. rows.Select(r => Answer(r, Json(r)))]));
        }

        return await File.ReadAllBytesAsync(Path);
    }

    private async Task FailsAsync(string because)
    {
        await using var store = await SqliteStore.OpenAsync(Path, _clock);
        var e = await Assert.ThrowsAsync<StoreException>(async () => await store.Answers.FindAsync(s_scope, 1, 2));
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }

    private void Execute(string sql, params object[] values)
    {
        using var other = new SqliteConnection($"Data Source={Path};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i]);
        Assert.True(command.ExecuteNonQuery() > 0);
    }
}
