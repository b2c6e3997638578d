using System.Text.Json;
using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>Replies that say the right thing in the wrong form, as real models do.</summary>
public sealed class MannerTests
{
    private static readonly string[] s_titles = ["Song 1", "Song 2", "Song 3", "Song 4", "Song 5"];

    private static string LabelSchema => Wrap("""
        {"type":"object","properties":{"id":{"type":"integer"},"energy":{"enum":["Very Low","Mid-Tempo","HIGH","calm_down"]},
        "tags":{"type":"array","minItems":1,"maxItems":2,"items":{"enum":["Modern Soul","Lo-Fi"]}},"year":{"type":"integer","minimum":1950},
        "stars":{"enum":[1,2,3]}},"required":["id","energy","tags","year","stars"],"additionalProperties":false}
        """);

    [Fact]
    public async Task Keyed_rows_are_an_object_whose_keys_are_the_ids()
    {
        await using var simulator = await StartAsync(new SimulatorOptions().With(SimulatorFault.Keyed, 1));
        var bare = 0;
        for (var i = 0; i < 20; i++)
        {
            var root = JsonElement.Parse((await simulator.AskAsync(Body(s_titles))).Content!);
            var wrapped = root.TryGetProperty("rows", out var rows);
            if (!wrapped) (rows, bare) = (root, bare + 1);
            Assert.Equal(["1", "2", "3", "4", "5"], rows.EnumerateObject().Select(p => p.Name));
            Assert.All(rows.EnumerateObject(), p => Assert.False(p.Value.TryGetProperty("id", out _)));
            Assert.Equal("Simulated: Song 3", rows.GetProperty("3").GetProperty("reasoning").GetString()![..17]);
        }

        Assert.InRange(bare, 3, 17);
    }

    [Fact]
    public async Task A_bare_array_holds_the_same_answers_as_the_wrapped_one()
    {
        var (whole, bare) = await BothAsync(SimulatorFault.BareArray);
        Assert.Equal(whole.Content, $$"""{"rows":{{bare.Content}}}""");
    }

    [Fact]
    public async Task Lines_hold_one_answer_each()
    {
        var (whole, lines) = await BothAsync(SimulatorFault.Ndjson);
        Assert.Equal(whole.Rows.Select(r => r.GetRawText()), lines.Content!.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task String_ids_are_the_same_ids_in_quotes()
    {
        var (whole, quoted) = await BothAsync(SimulatorFault.StringIds);
        Assert.Equal(["1", "2", "3", "4", "5"], quoted.Rows.Select(r => r.GetProperty("id").GetString()));
        Assert.Equal(whole.Content, Enumerable.Range(1, 5).Aggregate(quoted.Content!, (t, i) => t.Replace($"\"id\":\"{i}\"", $"\"id\":{i}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Labels_in_another_spelling_have_the_same_letters()
    {
        var titles = Enumerable.Range(1, 40).Select(i => $"Song {i}").ToArray();
        var (whole, spelled) = await BothAsync(SimulatorFault.LabelCase, LabelSchema, titles);
        Assert.All(Labels(whole).Zip(Labels(spelled)), pair =>
        {
            Assert.NotEqual(pair.First, pair.Second);
            Assert.Equal(Letters(pair.First), Letters(pair.Second));
        });
        Assert.Equal(whole.Rows.Select(r => r.GetProperty("year").GetInt32()), spelled.Rows.Select(r => r.GetProperty("year").GetInt32()));
        var spellings = Labels(spelled).Distinct().ToList();
        Assert.Contains(spellings, s => s.Contains('_', StringComparison.Ordinal) || s.Contains('-', StringComparison.Ordinal));

        static List<string> Labels(Reply reply) =>
            [.. reply.Rows.SelectMany(r => (string[])[r.GetProperty("energy").GetString()!, .. r.GetProperty("tags").EnumerateArray().Select(t => t.GetString()!)])];
        static string Letters(string label) => string.Concat(label.Where(char.IsLetter)).ToUpperInvariant();
    }

    [Fact]
    public async Task An_extra_field_stands_in_every_row_under_a_name_the_schema_does_not_have()
    {
        var (whole, more) = await BothAsync(SimulatorFault.ExtraField);
        Assert.All(more.Rows, r => Assert.Equal(0.9, r.GetProperty("confidence").GetDouble()));
        Assert.Equal(whole.Content, more.Content!.Replace(",\"confidence\":0.9", "", StringComparison.Ordinal));
        var schema = Wrap("""{"type":"object","properties":{"id":{"type":"integer"},"confidence":{"type":"number"}},"required":["id","confidence"],"additionalProperties":false}""");
        Assert.True((await BothAsync(SimulatorFault.ExtraField, schema)).Faulty.Rows[0].TryGetProperty("confidence_", out _));
    }

    [Fact]
    public async Task Numbers_as_strings_are_the_same_numbers()
    {
        var (whole, quoted) = await BothAsync(SimulatorFault.StringNumbers, LabelSchema);
        foreach (var name in (string[])["year", "stars"])
            Assert.Equal(whole.Rows.Select(r => r.GetProperty(name).GetRawText()), quoted.Rows.Select(r => r.GetProperty(name).GetString()));
        Assert.Equal([1, 2, 3, 4, 5], quoted.Ids);
    }

    [Fact]
    public async Task A_list_of_one_comes_as_its_only_value()
    {
        var titles = Enumerable.Range(1, 20).Select(i => $"Song {i}").ToArray();
        var (whole, single) = await BothAsync(SimulatorFault.SingleValue, LabelSchema, titles);
        var (ones, others) = (0, 0);
        foreach (var (before, after) in whole.Rows.Zip(single.Rows))
        {
            var (tags, now) = (before.GetProperty("tags"), after.GetProperty("tags"));
            if (tags.GetArrayLength() == 1) ones++;
            else others++;
            Assert.Equal(tags.GetArrayLength() == 1 ? tags[0].GetRawText() : tags.GetRawText(), now.GetRawText());
        }

        Assert.True(ones > 0 && others > 0);
        var (alone, only) = await BothAsync(SimulatorFault.SingleValue, titles: ["Song 1"]);
        var row = JsonElement.Parse(only.Content!).GetProperty("rows");
        Assert.Equal((JsonValueKind.Object, 1), (row.ValueKind, row.GetProperty("id").GetInt32()));
        Assert.Equal(alone.Rows[0].GetProperty("energy").GetString(), row.GetProperty("energy").GetString());
    }

    [Fact]
    public async Task A_missing_id_leaves_an_answer_that_belongs_to_nobody()
    {
        var (whole, nameless) = await BothAsync(SimulatorFault.MissingId);
        var lost = Assert.Single(nameless.Rows, r => !r.TryGetProperty("id", out _));
        Assert.Equal(5, nameless.Rows.Length);
        Assert.Contains(lost.GetRawText()[1..], whole.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_draft_has_another_answer_for_every_row_before_the_final_one()
    {
        var (whole, thought) = await BothAsync(SimulatorFault.Draft, LabelSchema);
        Assert.StartsWith("<think>", thought.Content, StringComparison.Ordinal);
        var end = thought.Content!.IndexOf("</think>", StringComparison.Ordinal);
        Assert.Equal(whole.Content, thought.Content[(end + "</think>".Length)..].Trim());
        var start = thought.Content.IndexOf('{', StringComparison.Ordinal);
        var draft = JsonElement.Parse(thought.Content[start..(thought.Content.LastIndexOf('}', end) + 1)]).GetProperty("rows").EnumerateArray().ToList();
        Assert.All(draft.Zip(whole.Rows), pair =>
        {
            Assert.Equal(pair.Second.GetProperty("id").GetInt32(), pair.First.GetProperty("id").GetInt32());
            foreach (var name in (string[])["energy", "year", "stars"]) Assert.NotEqual(pair.Second.GetProperty(name).GetRawText(), pair.First.GetProperty(name).GetRawText());
        });
    }

    [Fact]
    public async Task Prose_around_the_JSON_has_braces_of_its_own()
    {
        var (whole, wordy) = await BothAsync(SimulatorFault.Prose);
        var at = wordy.Content!.IndexOf(whole.Content!, StringComparison.Ordinal);
        Assert.True(at > 0);
        Assert.Contains('{', wordy.Content[..at]);
        Assert.Contains('{', wordy.Content[(at + whole.Content!.Length)..]);
    }

    [Fact]
    public async Task A_content_filter_leaves_nothing_and_is_billed()
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.ContentFilter] });
        var reply = await simulator.AskAsync(Body(s_titles));
        Assert.Equal((200, "content_filter", null), (reply.Status, reply.Finish, reply.Content));
        Assert.Equal(("content-filter", true), (simulator.Server.Ledger[0].Outcome, simulator.Server.Ledger[0].Billed));
    }

    private static async Task<(Reply Whole, Reply Faulty)> BothAsync(SimulatorFault fault, string? schema = null, string[]? titles = null)
    {
        await using var simulator = await StartAsync(new SimulatorOptions { Script = [SimulatorFault.None, fault] });
        var whole = await simulator.AskAsync(Body(titles ?? s_titles, schema));
        var faulty = await simulator.AskAsync(Body(titles ?? s_titles, schema));
        Assert.Equal((200, 200), (whole.Status, faulty.Status));
        Assert.Equal("stop", faulty.Finish);
        Assert.Equal(["ok", SimulatorOptions.FaultNames[(int)fault - 1]], simulator.Server.Ledger.Select(e => e.Outcome));
        return (whole, faulty);
    }
}
