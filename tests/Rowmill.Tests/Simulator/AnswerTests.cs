using System.Text.Json;
using Rowmill.Simulator;
using Rowmill.Simulator.Answers;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

public sealed class AnswerTests
{
    private static readonly string[] s_titles = [.. Enumerable.Range(1, 40).Select(i => $"Song {i}")];

    [Fact]
    public async Task Answers_follow_the_schema_and_its_order()
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(Body(s_titles));
        Assert.Equal((200, "stop"), (reply.Status, reply.Finish));
        Assert.Equal(Enumerable.Range(1, 40), reply.Ids);
        foreach (var row in reply.Rows)
        {
            Assert.Equal(["id", "energy", "tags", "reasoning", "score"], row.EnumerateObject().Select(p => p.Name));
            Assert.Contains(row.GetProperty("energy").GetString(), new[] { "Low", "Medium", "High" });
            var tags = row.GetProperty("tags").EnumerateArray().Select(t => t.GetString()).ToList();
            Assert.InRange(tags.Count, 1, 3);
            Assert.Equal(tags.Count, tags.Distinct().Count());
            Assert.StartsWith("Simulated: Song ", row.GetProperty("reasoning").GetString(), StringComparison.Ordinal);
            var score = row.GetProperty("score");
            if (score.ValueKind != JsonValueKind.Null) Assert.InRange(score.GetInt32(), 1, 5);
        }

        Assert.Equal(3, reply.Rows.Select(r => r.GetProperty("energy").GetString()).Distinct().Count());
        Assert.InRange(reply.Rows.Count(r => r.GetProperty("score").ValueKind == JsonValueKind.Null), 1, 20);
    }

    [Fact]
    public async Task A_row_gets_the_same_answer_in_every_pack_order_and_server_of_one_seed()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await using var other = await StartAsync(new SimulatorOptions { Seed = 2 });
        var packed = Answers((await one.AskAsync(Body(s_titles))).Rows);
        var reversed = Answers((await two.AskAsync(Body([.. s_titles.Reverse()]))).Rows);
        var single = Answers((await two.AskAsync(Body(["Song 7"]))).Rows);
        Assert.Equal(packed, reversed.Reverse());
        Assert.Equal(packed[6], single[0]);
        Assert.NotEqual(packed, Answers((await other.AskAsync(Body(s_titles))).Rows));

        static string[] Answers(JsonElement[] rows) => [.. rows.Select(r => r.GetRawText()[r.GetRawText().IndexOf(',', StringComparison.Ordinal)..])];
    }

    [Fact]
    public async Task Neither_a_property_beside_it_nor_the_order_of_keys_changes_an_answer()
    {
        await using var simulator = await StartAsync();
        var narrow = Wrap("""{"type":"object","properties":{"id":{"type":"integer"},"energy":{"enum":["Low","Medium","High"]}},"required":["id","energy"],"additionalProperties":false}""");
        var wide = (await simulator.AskAsync(Body(s_titles))).Rows.Select(r => r.GetProperty("energy").GetString());
        Assert.Equal(wide, (await simulator.AskAsync(Body(s_titles, narrow))).Rows.Select(r => r.GetProperty("energy").GetString()));

        var (ab, ba) = ("""{"rows":[{"id":1,"a":"x","b":2}]}""", """{"rows":[{"b":2,"id":"k","a":"x"}]}""");
        var first = await simulator.AskAsync(WithUser(ab));
        var second = await simulator.AskAsync(WithUser(ba));
        Assert.Equal(first.Rows[0].GetProperty("reasoning").GetString(), second.Rows[0].GetProperty("reasoning").GetString());
        Assert.Equal("k", second.Rows[0].GetProperty("id").GetString());
        Assert.Single(simulator.Server.Ledger.Skip(2).SelectMany(e => e.Rows).Distinct());
    }

    [Fact]
    public async Task Rows_are_found_in_text_around_them_and_context_is_not_asked()
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(WithUser("""Look {here}: {"context":[{"text":"before"}],"rows":[{"id":4,"a":"x"}]} thanks"""));
        Assert.Equal([4], reply.Ids);
        Assert.Equal(["""{"a":"x"}"""], simulator.Server.Ledger[0].Rows);
    }

    [Fact]
    public async Task References_and_variants_are_followed_and_the_abstention_is_skipped_unless_asked_for()
    {
        var schema = $$$"""
            {"type":"object","properties":{"rows":{"type":"array","items":{"anyOf":[{"$ref":"#/$defs/abstention"},{"$ref":"#/$defs/row"}]} } },
            "required":["rows"],"additionalProperties":false,"$defs":{"row":{{{RowSchema}}},"abstention":{{{Abstention}}}}}
            """;
        await using var simulator = await StartAsync(new SimulatorOptions { AbstainText = "say \"nothing\"" });
        var rows = (await simulator.AskAsync(Body(["Song 1", "please say \"nothing\""], schema))).Rows;
        Assert.True(rows[0].TryGetProperty("energy", out _));
        Assert.Equal(["id", "abstain"], rows[1].EnumerateObject().Select(p => p.Name));
        var without = (await simulator.AskAsync(Body(["please say \"nothing\""]))).Rows;
        Assert.True(without[0].TryGetProperty("energy", out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_response_format_the_schema_is_taken_from_the_system_message(bool wrapped)
    {
        await using var simulator = await StartAsync();
        var schema = wrapped ? Wrapper : RowSchema;
        var system = $"Reply as {{\"rows\":[{{\"id\":1}}]}} where each answer follows this JSON Schema:\n{schema}\nNothing else.";
        var body = $$"""{"model":"m","messages":[{"role":"system","content":{{Quote(system)}}},{"role":"user","content":"{\"rows\":[{\"id\":1,\"title\":\"Song 1\"}]}"}]}""";
        var told = (await simulator.AskAsync(body)).Rows[0].GetRawText();
        Assert.Equal((await simulator.AskAsync(Body(["Song 1"]))).Rows[0].GetRawText(), told);
    }

    [Fact]
    public async Task Without_any_schema_each_row_gets_a_sentence_and_without_rows_there_is_one()
    {
        await using var simulator = await StartAsync();
        var rows = await simulator.AskAsync("""{"model":"m","messages":[{"role":"user","content":"{\"rows\":[{\"id\":9,\"a\":\"x\"}]}"}]}""");
        Assert.StartsWith("Simulated: x", rows.Rows[0].GetProperty("answer").GetString(), StringComparison.Ordinal);
        var none = await simulator.AskAsync("""{"model":"m","messages":[{"role":"user","content":"Hello?"}],"n":2}""");
        Assert.StartsWith("Simulated: ", none.Content, StringComparison.Ordinal);
        Assert.Equal(2, none.Json.GetProperty("choices").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"type":"number","exclusiveMinimum":0,"maximum":1}""", 0.0000001, 1)]
    [InlineData("""{"type":"integer","minimum":-3,"exclusiveMaximum":-1}""", -3, -2)]
    [InlineData("""{"type":"integer","multipleOf":5,"minimum":7,"maximum":23}""", 10, 20)]
    public async Task Numbers_stay_within_their_bounds(string schema, double low, double high)
    {
        var values = (await ValuesAsync(schema)).Select(v => v.GetDouble()).ToList();
        Assert.All(values, v => Assert.InRange(v, low, high));
        Assert.True(values.Distinct().Count() > 1);
    }

    [Theory]
    [InlineData("""{"type":"string","maxLength":9}""", 1, 9)]
    [InlineData("""{"type":"string","minLength":80,"maxLength":90}""", 80, 90)]
    public async Task Texts_keep_their_lengths(string schema, int low, int high) =>
        Assert.All(await ValuesAsync(schema), v => Assert.InRange(v.GetString()!.Length, low, high));

    [Fact]
    public async Task Constants_booleans_objects_and_unique_items_are_written()
    {
        Assert.All(await ValuesAsync("""{"const":{"x":[1]}}"""), v => Assert.Equal("""{"x":[1]}""", v.GetRawText()));
        Assert.Equal(2, (await ValuesAsync("""{"type":"boolean"}""")).Select(v => v.GetBoolean()).Distinct().Count());
        Assert.All(
            await ValuesAsync("""{"type":"array","uniqueItems":true,"minItems":3,"maxItems":3,"items":{"type":"integer","minimum":1,"maximum":3}}"""),
            v => Assert.Equal([1, 2, 3], v.EnumerateArray().Select(i => i.GetInt32()).Order()));
        var optional = await ValuesAsync("""{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"string"}}}""");
        Assert.All(optional, v => Assert.True(v.TryGetProperty("a", out _)));
        Assert.InRange(optional.Count(v => v.TryGetProperty("b", out _)), 1, optional.Length - 1);
    }

    [Theory]
    [InlineData("^[A-Z]{2}-\\d{3,4}$")]
    [InlineData("^(?:red|green|blue)( \\w+)?$")]
    [InlineData("[^a-c]+x?")]
    public void A_text_is_made_to_match_a_plain_pattern(string pattern)
    {
        for (var seed = 0UL; seed < 20; seed++) Assert.Matches(pattern, PatternText.Make(pattern, seed, 0, 100));
        Assert.NotEqual(PatternText.Make(pattern, 1, 0, 100), PatternText.Make(pattern, 5, 0, 100));
    }

    [Fact]
    public async Task The_reply_says_that_it_is_simulated_and_counts_its_tokens()
    {
        await using var simulator = await StartAsync();
        var reply = await simulator.AskAsync(Body(["Song 1"]));
        Assert.Equal("true", reply.Header("x-simulated"));
        Assert.Equal(("simulated", "simulated"), (reply.Json.GetProperty("model").GetString(), reply.Json.GetProperty("system_fingerprint").GetString()));
        var usage = reply.Json.GetProperty("usage");
        var output = (reply.Content!.Length + 3) / 4;
        Assert.Equal(output, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32() + output, usage.GetProperty("total_tokens").GetInt32());
    }

    private static string WithUser(string user) =>
        $$"""{"model":"m","messages":[{"role":"user","content":{{Quote(user)}}}],"response_format":{{Strict(Wrapper)}}}""";

    private static async Task<JsonElement[]> ValuesAsync(string schema)
    {
        await using var simulator = await StartAsync();
        var wrapper = Wrap($$$"""{"type":"object","properties":{"id":{"type":"integer"},"v":{{{schema}}}},"required":["id","v"]}""");
        var reply = await simulator.AskAsync(Body(s_titles, wrapper).Replace("\"strict\":true", "\"strict\":false", StringComparison.Ordinal));
        return [.. reply.Rows.Select(r => r.GetProperty("v"))];
    }
}
