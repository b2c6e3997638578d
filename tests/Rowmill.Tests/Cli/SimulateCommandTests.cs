namespace Rowmill.Tests.Cli;

public sealed class SimulateCommandTests
{
    [Theory]
    [InlineData("--batch-fault", "nonsense", "There is no batch fault 'nonsense'.")]
    [InlineData("--batch-fault", "stuck:x", "'x' is not a number from 1 on.")]
    [InlineData("--batch-seconds", "soon", "'soon' is not a time.")]
    [InlineData("--expire-after", "soon", "'soon' is not a time.")]
    [InlineData("--enqueued-tokens", "0", "0 is too small; it must be at least 1.")]
    [InlineData("--batch-max-lines", "0", "0 is too small; it must be at least 1.")]
    [InlineData("--batch-max-bytes", "0", "0 is too small; it must be at least 1.")]
    public async Task An_option_of_batches_that_cannot_be_is_refused(string option, string value, string words)
    {
        await using var folder = await CliFolder.CreateAsync();
        var result = await folder.RunAsync("simulate", "--port", "0", option, value);
        Assert.Equal(2, result.Exit);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_batches_has_its_name_on_the_command_line()
    {
        await using var folder = await CliFolder.CreateAsync();
        var faults = Rowmill.Simulator.SimulatorBatchOptions.FaultNames.SelectMany(f => new[] { "--batch-fault", $"{f}:1" });
        // The port is what keeps it from starting, and the only thing that is wrong.
        var result = await folder.RunAsync(["simulate", "--port", "70000", "--batch-seconds", "90", "--expire-after", "2h", "--refuse-enqueued", .. faults]);
        Assert.Equal(2, result.Exit);
        Assert.Contains("70000 is not a port", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("batch", result.Error, StringComparison.Ordinal);
    }
}
