using System.Net;
using System.Net.Sockets;

namespace Rowmill.Tests.Cli;

/// <summary>A job for a local server that is not there.</summary>
public sealed class LocalPreflightTests
{
    [Theory]
    [InlineData("check")]
    [InlineData("run")]
    public async Task A_server_that_is_not_running_is_told_before_anything_is_sent(string command)
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, "ollama/llama3.1:8b");
        var result = await folder.RunAsync(command, "job.yaml");
        Assert.Equal(2, result.Exit);
        Assert.Contains("job.yaml:10: models[0].model: ollama/llama3.1:8b is not there", result.Error, StringComparison.Ordinal);
        Assert.Contains("ollama serve", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_with_nothing_to_ask_needs_no_server()
    {
        await using var folder = await CliFolder.CreateAsync();
        Use(folder, "ollama/llama3.1:8b");
        folder.Write("songs.csv", "title,artist\n");
        var result = await folder.RunAsync("run", "job.yaml");
        Assert.Equal((0, ""), (result.Exit, result.Exit == 0 ? "" : result.Error));
    }

    [Fact]
    public async Task As_a_later_model_it_keeps_no_run_from_going_on()
    {
        await using var folder = await CliFolder.CreateAsync();
        var job = await File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken);
        folder.Write("job.yaml", job.Replace("\noutput:", $"\n  - model: ollama/llama3.1:8b\n    base_url: {Nobody()}\noutput:", StringComparison.Ordinal));
        var result = await folder.RunAsync("run", "job.yaml");
        Assert.Equal(3, result.Exit); // one row is invalid
        Assert.Contains("warning: ", result.Out + result.Error, StringComparison.Ordinal);
        Assert.Contains("models[1].model: ollama/llama3.1:8b is not there", result.Out + result.Error, StringComparison.Ordinal);
    }

    private static void Use(CliFolder folder, string model)
    {
        var lines = File.ReadAllLines(folder.File("job.yaml")).ToList();
        var at = lines.FindIndex(l => l.Contains("openai-compatible", StringComparison.Ordinal));
        lines.RemoveRange(at, 4);
        lines.InsertRange(at, [$"  - model: {model}", $"    base_url: {Nobody()}"]);
        folder.Write("job.yaml", string.Join('\n', lines));
    }

    /// <summary>An address where nobody listens.</summary>
    private static string Nobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
    }
}
