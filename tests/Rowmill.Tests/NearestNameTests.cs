using Rowmill.Core;

namespace Rowmill.Tests;

public sealed class NearestNameTests
{
    private static readonly string[] s_known = ["temperature", "seed", "fields", "requests_per_minute", "title", "api_key_env"];

    [Theory]
    [InlineData("temprature", "temperature")]
    [InlineData("feilds", "fields")]
    [InlineData("Fields", "fields")]
    [InlineData("requestsPerMinute", "requests_per_minute")]
    [InlineData("requests-per-minute", "requests_per_minute")]
    [InlineData("tilte", "title")]
    [InlineData("temp", "temperature")]
    [InlineData("api_key", "api_key_env")]
    [InlineData("sed", "seed")]
    [InlineData("colour", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void The_name_meant_is_found_or_none(string written, string? meant) => Assert.Equal(meant, NearestName.Find(written, s_known));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("abcd", "abdc", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ca", "abc", 3)]
    public void The_distance_counts_swapped_neighbours_once(string a, string b, int distance)
    {
        Assert.Equal(distance, NearestName.Distance(a, b));
        Assert.Equal(distance, NearestName.Distance(b, a));
    }

    [Fact]
    public void A_suggestion_names_one_or_lists_all()
    {
        Assert.Equal("Did you mean 'seed'?", NearestName.Suggest("sede", s_known));
        Assert.Equal("Known are a, b.", NearestName.Suggest("zzz", ["a", "b"]));
        Assert.Equal("Write it.", NearestName.Suggest("zzz", ["a", "b"], "Write it."));
        Assert.Equal("There are none.", NearestName.Suggest("zzz", []));
    }
}
