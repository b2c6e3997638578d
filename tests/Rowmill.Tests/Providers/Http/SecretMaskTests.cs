using Rowmill.Providers.Http;

namespace Rowmill.Tests.Providers;

public sealed class SecretMaskTests
{
    private const string Key = "sk-proj-abcdefghijkl9876543210ZY";

    [Theory]
    [InlineData("key sk-proj-abcdefghijkl9876543210ZY, no", "key ***, no")]
    [InlineData("begins sk-proj-abcdefg… here", "begins ***… here")]
    [InlineData("ends ghijkl9876543210ZY.", "ends ***.")]
    [InlineData("provided: sk-pr*******10ZY. You", "provided: ***. You")]
    [InlineData("provided: ****10ZY", "provided: ***")]
    [InlineData("sk-...ZY!", "***")]
    [InlineData("2 ** 3 ... fine **bold** abcdefg", "2 ** 3 ... fine **bold** abcdefg")]
    [InlineData("", "")]
    public void Every_telling_part_of_the_key_is_hidden_and_nothing_else(string text, string hidden) =>
        Assert.Equal(hidden, new SecretMask(Key).Hide(text));

    [Theory]
    [InlineData("key abc12 is bad", "key *** is bad")]
    [InlineData("xabc12 abc123 abc12", "xabc12 abc123 ***")]
    public void A_short_key_is_hidden_where_it_stands_alone(string text, string hidden) =>
        Assert.Equal(hidden, new SecretMask("abc12").Hide(text));

    [Fact]
    public void Without_a_key_nothing_is_hidden() => Assert.Equal("a **** b", new SecretMask(null).Hide("a **** b"));
}
