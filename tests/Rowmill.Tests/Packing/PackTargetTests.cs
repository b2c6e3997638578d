using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Tests.Packing;

public sealed class PackTargetTests
{
    private static readonly PackCost s_cost = new(Fixed: 800, RowInput: 40, RowOutput: 60);

    [Fact]
    public void Where_only_requests_bind_no_pack_is_too_large() =>
        Assert.Equal(PackTarget.Most, PackTarget.Rows(s_cost, new RouteRates { RequestsPerSecond = 0.25 }));

    [Fact]
    public void Where_tokens_bind_the_fixed_prompt_is_to_be_a_small_share()
    {
        // 800 / (800 + 100 n) ≤ 5 % from n = 152 on.
        Assert.Equal(152, PackTarget.Rows(s_cost, new RouteRates { TokensPerSecond = 133 }));
        Assert.Equal(152, PackTarget.Rows(s_cost, new RouteRates { TokensPerSecond = 133, RequestsPerSecond = 0.5 }));
        Assert.Equal(1, PackTarget.Rows(s_cost with { Fixed = 5 }, new RouteRates { TokensPerSecond = 133 }));
    }

    [Fact]
    public void Where_requests_bind_up_to_some_size_the_pack_goes_up_to_where_tokens_bind()
    {
        // One request each 100 s and 300 tokens a second: a pack of n takes 100 s and (800 + 100 n) / 300 s, equal at n = 292.
        var rates = new RouteRates { RequestsPerSecond = 0.01, TokensPerSecond = 300 };

        Assert.Equal(292, PackTarget.Rows(s_cost, rates));
        // (1000·100 − 800) / 100 = 992.
        Assert.Equal(992, PackTarget.Rows(s_cost, rates with { TokensPerSecond = 1000 }));
    }

    [Fact]
    public void Windows_of_prompt_and_reply_count_what_is_theirs()
    {
        // The reply's window sees nothing of the fixed prompt.
        Assert.Equal(1, PackTarget.Rows(s_cost, new RouteRates { OutputTokensPerSecond = 10 }));
        // 800 / (800 + 40 n) ≤ 5 % from n = 380 on.
        Assert.Equal(380, PackTarget.Rows(s_cost, new RouteRates { InputTokensPerSecond = 10 }));
        // With 100 prompt and 60 reply tokens a second the reply's binds from 800/n + 40 ≤ 100 on: n = 14.
        Assert.Equal(14, PackTarget.Rows(s_cost, new RouteRates { InputTokensPerSecond = 100, OutputTokensPerSecond = 60 }));
    }

    [Fact]
    public void Where_no_window_is_known_a_pack_has_20_rows_or_as_many_as_make_the_prompt_a_small_share()
    {
        Assert.Equal(20, PackTarget.Rows(s_cost, RouteRates.Unlimited));
        // 100 / (100 + 500 n) ≤ 5 % from n = 4 on.
        Assert.Equal(4, PackTarget.Rows(new PackCost(100, 300, 200), RouteRates.Unlimited));
        Assert.Equal(20, PackTarget.Rows(new PackCost(100, 0, 0), RouteRates.Unlimited));
    }
}
