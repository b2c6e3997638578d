using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Stores;

public sealed class CallShareTests
{
    [Fact]
    public void The_shares_of_all_rows_add_up_to_the_call_exactly()
    {
        var random = new Random(1);
        for (var n = 0; n < 2000; n++)
        {
            var rows = random.Next(1, 300);
            var tokens = new TokenUsage(random.Next(0, 200_000), random.Next(0, 100_000), random.Next(0, 50_000));
            var usd = new decimal(random.Next(), random.Next(), 0, false, (byte)random.Next(6, 24));
            var shares = Enumerable.Range(0, rows).Select(i => CallShare.At(tokens, usd, TimeSpan.FromSeconds(1), i, rows)).ToList();

            Assert.Equal(usd, shares.Sum(s => s.Usd!.Value));
            Assert.Equal(tokens, shares.Aggregate(default(TokenUsage), (sum, s) => sum + s.Tokens));
            Assert.All(shares, s => Assert.InRange(s.Tokens.Input, tokens.Input / rows, (tokens.Input / rows) + 1));
            Assert.All(shares, s => Assert.InRange(s.Usd!.Value, (usd / rows) - 0.000000000001m, (usd / rows) + 0.000000000001m));
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.0000000000000000000123")]
    [InlineData("1234567.000000000000000001")]
    [InlineData("0.000012")]
    [InlineData("0.1234567890123456789012345678")]
    public void Money_of_any_size_is_divided_without_a_rest(string text)
    {
        var usd = decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(usd, Enumerable.Range(0, 7).Sum(i => CallShare.UsdAt(usd, i, 7)));
    }

    [Fact]
    public void A_row_alone_carries_all_of_it() =>
        Assert.Equal("0.000012", CallShare.UsdAt(0.000012m, 0, 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
}
