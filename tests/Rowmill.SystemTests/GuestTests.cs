using System.Runtime.Versioning;
using Rowmill.SystemTests.Support;

namespace Rowmill.SystemTests;

/// <summary>Rowmill in a process that is another program's.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class GuestTests
{
    [Fact]
    public async Task A_host_that_has_used_SQLite_before_and_a_store_live_side_by_side()
    {
        await using var shop = new Workshop();

        (await shop.StartKit(null, "journal", "guest", shop.Folder).EndAsync()).Ended(0);
    }
}
