using Rowmill.Simulator;
using static Rowmill.Tests.Simulator.SimulatorHarness;

namespace Rowmill.Tests.Simulator;

/// <summary>A model that does not always say the same of a row.</summary>
public sealed class WanderingTests
{
    private static readonly string[] s_titles = [.. Enumerable.Range(1, 400).Select(i => $"Song {i}")];

    [Fact]
    public async Task Drift_changes_answers_by_the_company_of_a_row_and_never_alone()
    {
        await using var steady = await StartAsync();
        await using var drifting = await StartAsync(new SimulatorOptions { DriftRate = 0.25 });
        var truth = await EnergiesAsync(steady, s_titles);

        var packed = await EnergiesAsync(drifting, s_titles);
        Assert.Equal(packed, await EnergiesAsync(drifting, s_titles));
        // Whoever drifts has another label, never by chance the same: the rate is what an audit must find.
        Assert.InRange(truth.Zip(packed).Count(p => p.First != p.Second), 70, 130);
        Assert.All(packed, e => Assert.Contains(e, (string[])["Low", "Medium", "High"]));
        var reversed = (await EnergiesAsync(drifting, [.. s_titles.Reverse()])).AsEnumerable().Reverse().ToArray();
        Assert.NotEqual(packed, reversed);

        for (var i = 0; i < 60; i++) Assert.Equal(truth[i], Assert.Single(await EnergiesAsync(drifting, [s_titles[i]])));
    }

    [Fact]
    public async Task Drift_begins_above_the_rows_it_is_given()
    {
        await using var steady = await StartAsync();
        await using var drifting = await StartAsync(new SimulatorOptions { DriftRate = 1, DriftRows = 20 });
        Assert.Equal(await EnergiesAsync(steady, s_titles[..20]), await EnergiesAsync(drifting, s_titles[..20]));
        var (truth, packed) = (await EnergiesAsync(steady, s_titles[..21]), await EnergiesAsync(drifting, s_titles[..21]));
        Assert.All(truth.Zip(packed), p => Assert.NotEqual(p.First, p.Second));
    }

    [Fact]
    public async Task Noise_changes_answers_from_request_to_request_and_the_same_way_under_one_seed()
    {
        var options = new SimulatorOptions { NoiseRate = 0.2 };
        await using var steady = await StartAsync();
        await using var one = await StartAsync(options);
        await using var two = await StartAsync(options);
        var truth = await EnergiesAsync(steady, s_titles);
        var (first, second) = (await EnergiesAsync(one, s_titles), await EnergiesAsync(one, s_titles));
        Assert.NotEqual(first, second);
        Assert.InRange(truth.Zip(first).Count(p => p.First != p.Second), 50, 110);
        Assert.Equal(first, await EnergiesAsync(two, s_titles));
        Assert.Equal(second, await EnergiesAsync(two, s_titles));
    }

    [Fact]
    public async Task Another_answer_is_another_one_in_every_field_that_has_others()
    {
        await using var steady = await StartAsync();
        await using var drifting = await StartAsync(new SimulatorOptions { DriftRate = 1 });
        var schema = Wrap("""
            {"type":"object","properties":{"id":{"type":"integer"},"only":{"enum":["one"]},"live":{"type":"boolean"},"year":{"type":"integer","minimum":1990,"maximum":1992},
            "tags":{"type":"array","minItems":1,"maxItems":1,"items":{"enum":["a","b","c"]}},"why":{"type":"string"}},
            "required":["id","only","live","year","tags","why"],"additionalProperties":false}
            """);
        var (truth, packed) = ((await steady.AskAsync(Body(s_titles, schema))).Rows, (await drifting.AskAsync(Body(s_titles, schema))).Rows);
        Assert.All(truth.Zip(packed), pair =>
        {
            foreach (var name in (string[])["live", "year", "tags", "why"]) Assert.NotEqual(pair.First.GetProperty(name).GetRawText(), pair.Second.GetProperty(name).GetRawText());
            Assert.Equal("one", pair.Second.GetProperty("only").GetString());
            Assert.InRange(pair.Second.GetProperty("year").GetInt32(), 1990, 1992);
        });
    }

    private static async Task<string[]> EnergiesAsync(SimulatorHarness simulator, string[] titles) =>
        [.. (await simulator.AskAsync(Body(titles))).Rows.Select(r => r.GetProperty("energy").GetString()!)];
}
