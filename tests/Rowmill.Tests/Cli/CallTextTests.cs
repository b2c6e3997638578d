using Rowmill.Cli.Console;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Cli;

public sealed class CallTextTests
{
    [Fact]
    public void A_call_tells_of_which_batch_it_was_a_line()
    {
        var online = new CallRecord(7, Intent(1), Settlement(7), CallState.Settled);
        var line = online with { Intent = online.Intent with { Place = new BatchPlace("songs-1", 3) } };

        Assert.Contains("a/x@http://one  songs-1 line 3  1 of 1 row", CallText.Line(line), StringComparison.Ordinal);
        Assert.Equal(("songs-1", 3), ((string?)CallText.Json(line)["batch"], (int?)CallText.Json(line)["line"]));
        Assert.Contains("a/x@http://one  1 of 1 row", CallText.Line(online), StringComparison.Ordinal);
        Assert.False(CallText.Json(online).ContainsKey("batch"));
    }
}
