using Rowmill.Core;

namespace Rowmill.Tests.Stores;

public sealed class LeaseOwnerTests
{
    [Fact]
    public void This_process_lives() => Assert.True(LeaseOwner.Current().IsAlive());

    [Fact]
    public void A_process_with_the_same_id_that_started_at_another_time_is_dead() =>
        Assert.False((LeaseOwner.Current() with { ProcessStarted = "1" }).IsAlive());

    [Fact]
    public void An_id_that_no_process_has_is_dead() => Assert.False((LeaseOwner.Current() with { ProcessId = int.MaxValue }).IsAlive());

    [Fact]
    public void A_process_on_another_machine_cannot_be_seen() => Assert.Null((LeaseOwner.Current() with { Host = "elsewhere" }).IsAlive());

    [Fact]
    public void The_end_of_a_process_is_seen()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sleep", "60"))!;
        var stat = System.IO.File.ReadAllText($"/proc/{process.Id}/stat");
        var owner = LeaseOwner.Current() with { ProcessId = process.Id, ProcessStarted = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19] };
        Assert.True(owner.IsAlive());

        process.Kill();
        process.WaitForExit();

        Assert.False(owner.IsAlive());
    }
}
