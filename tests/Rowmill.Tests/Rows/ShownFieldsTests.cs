using System.Text;
using System.Text.Json;
using Rowmill.Core.Rows;

namespace Rowmill.Tests.Rows;

public sealed class ShownFieldsTests : IDisposable
{
    private readonly RowFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Text_cells_are_shown_as_JSON_strings_in_the_order_asked_for()
    {
        var row = (await RowFiles.ReadAsync(_files.Csv("title,artist,year\nAdorn,\"Mi\"\"gu\\el\n\u0001é<&😀\",2012\n")))[0];
        Assert.Equal("\"artist\":\"Mi\\\"gu\\\\el\\n\\u0001é<&😀\",\"title\":\"Adorn\"", Show(row, "artist", "title"));
        Assert.Equal(["title", "artist", "year"], Names(Show(row)));
    }

    [Fact]
    public async Task JSON_cells_are_shown_compact_and_without_needless_escapes()
    {
        var rows = await RowFiles.ReadAsync(_files.Jsonl(
            "{\"a\": [1, {\"b c\" : \"x  y\"}], \"t\": \"Caf\\u00e9 \\ud83d\\ude00\\/\\u0022\\u000a\\u0041\"}\n{\"t\":\"\\ud800\"}\n"));
        Assert.Equal("\"a\":[1,{\"b c\":\"x  y\"}],\"t\":\"Café 😀/\\\"\\nA\"", Show(rows[0]));
        Assert.Equal("\"t\":\"\\ud800\"", Show(rows[1], "a", "t"));
        Assert.Equal("", Show(rows[1], "a"));
    }

    [Fact]
    public async Task Equal_content_has_one_key_whatever_the_source()
    {
        var csv = (await RowFiles.ReadAsync(_files.Csv("t,u\n\"é \"\"x\"\"\",1\n")))[0];
        var json = (await RowFiles.ReadAsync(_files.Jsonl("{\"u\":2,\"t\":\"\\u00e9 \\\"x\\\"\"}\n")))[0];
        Assert.Equal(new ShownFields(["t"]).Show(csv), new ShownFields(["t"]).Show(json), (a, b) => a.Key == b.Key);
        Assert.NotEqual(new ShownFields([]).Show(csv).Key, new ShownFields(["t"]).Show(csv).Key);
    }

    [Fact]
    public async Task The_key_of_a_row_never_changes_between_versions()
    {
        var row = (await RowFiles.ReadAsync(_files.Csv("title,artist\nAdorn,Miguel\n")))[0];
        var shown = new ShownFields([]).Show(row);
        Assert.Equal("\"title\":\"Adorn\",\"artist\":\"Miguel\"", Encoding.UTF8.GetString(shown.Json.Span));
        Assert.Equal("adcee8664be09f73ba517b9f0566835a", shown.Key.ToString());
        Assert.Equal("7f6d38039207842164b700d39e8175c5", ShownFields.Key(shown.Key, 1).ToString());
    }

    [Fact]
    public async Task A_field_named_id_is_shown_under_a_free_name()
    {
        var row = (await RowFiles.ReadAsync(_files.Csv("id,id_\n7,8\n")))[0];
        Assert.Equal("\"id__\":\"7\",\"id_\":\"8\"", Show(row));
        Assert.Equal("\"id_\":\"7\"", Show(row, "id"));
        Assert.Equal("id_", ShownFields.NameShown("id", ["id", "title"]));
        Assert.Equal("Id", ShownFields.NameShown("Id", ["Id"]));
    }

    [Fact]
    public void The_first_of_equal_rows_keeps_its_key_and_the_others_have_keys_of_their_own()
    {
        var key = new RowKey(1, 2);
        var keys = Enumerable.Range(0, 1000).Select(i => ShownFields.Key(key, i)).ToArray();
        Assert.Equal(key, keys[0]);
        Assert.Equal(1000, keys.Distinct().Count());
    }

    [Fact]
    public async Task Showing_and_hashing_allocate_nothing()
    {
        var row = (await RowFiles.ReadAsync(_files.Csv("title,artist\n\"Ado\"\"rn\",Miguel\n")))[0];
        var fields = new ShownFields([]);
        ShownFields.Key(fields.Format(row));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) ShownFields.Key(fields.Format(row));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static string Show(Row row, params string[] fields) => Encoding.UTF8.GetString(new ShownFields(fields).Format(row));

    private static IEnumerable<string> Names(string fragment) =>
        JsonDocument.Parse("{" + fragment + "}").RootElement.EnumerateObject().Select(p => p.Name);
}
