using System.Text.RegularExpressions;
using Rowmill.Tests.House;

namespace Rowmill.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public async Task The_pages_know_the_commands_there_are()
    {
        await using var folder = await CliFolder.CreateAsync();
        var help = (await folder.RunAsync()).Out;
        var commands = Regex.Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..], @"(?m)^  (?<name>[a-z]+)\b").Select(m => m.Groups["name"].Value).ToList();
        var readme = Repository.Read("README.md");
        var later = Repository.Read("docs/guides/job-file.md").Split("## Not in this version yet")[1].Split("commands")[1];

        Assert.Contains("models", commands);
        Assert.All(commands, command => Assert.Contains($"rowmill {command}", readme, StringComparison.Ordinal));
        Assert.All(commands, command => Assert.DoesNotContain($"`{command}`", later, StringComparison.Ordinal));
        Assert.Contains("$XDG_CONFIG_HOME/rowmill/models.json", (await folder.RunAsync("models", "--help")).Out.ReplaceLineEndings(""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_the_help_is_printed()
    {
        await using var folder = await CliFolder.CreateAsync();
        var result = await folder.RunAsync();
        Assert.Equal((0, ""), (result.Exit, result.Error));
        Assert.Contains("rowmill [command]", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("rowmill-cli", result.Out, StringComparison.Ordinal);
        Assert.Equal(result.Out, (await folder.RunAsync("--help")).Out);
        Assert.Contains("rowmill run <job>", (await folder.RunAsync("run", "--help")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        await using var folder = await CliFolder.CreateAsync();
        Assert.Equal((0, "0.1.0"), ((await folder.RunAsync("--version")).Exit, (await folder.RunAsync("--version")).Out.Trim()));
    }

    [Theory]
    [InlineData("There is no command 'chek'. Did you mean 'check'?", "chek", "job.yaml")]
    [InlineData("rowmill run has no option '--limt'. Did you mean '--limit'?", "run", "--limt", "5", "job.yaml")]
    [InlineData("rowmill run has no option '--limt'. Did you mean '--limit'?", "run", "job.yaml", "--limt=5")]
    [InlineData("rowmill has no option '--versoin'. Did you mean '--version'?", "--versoin")]
    [InlineData("rowmill check needs a job. See: rowmill check --help", "check")]
    [InlineData("rowmill batch submit needs a job. See: rowmill batch submit --help", "batch", "submit")]
    [InlineData("rowmill check does not take 'b.yaml' as well. See: rowmill check --help", "check", "job.yaml", "b.yaml")]
    [InlineData("--limit: -1 is negative; write 0 or more.", "run", "job.yaml", "--limit", "-1")]
    [InlineData("--offset: -1 is negative; write 0 or more.", "run", "job.yaml", "--offset", "-1")]
    [InlineData("--limit: 'ten' is not a whole number.", "run", "job.yaml", "--limit", "ten")]
    [InlineData("--sample: Write a number from 1 to 1000.", "try", "job.yaml", "--sample", "0")]
    [InlineData("--retry: 'all' cannot be asked for again; write --retry failed.", "run", "job.yaml", "--retry", "all")]
    [InlineData("--max-usd: -1 is out of range. Write USD, 0 or more, such as 2.50.", "run", "job.yaml", "--max-usd", "-1")]
    [InlineData("--max-usd: '2,50' is not a number. Write USD, 0 or more, such as 2.50.", "run", "job.yaml", "--max-usd", "2,50")]
    [InlineData("--max-usd: 'NaN' is not a number. Write USD, 0 or more, such as 2.50.", "run", "job.yaml", "--max-usd=NaN")]
    [InlineData("--max-usd: The option needs a value. See: rowmill run --help", "run", "job.yaml", "--max-usd")]
    [InlineData("--gate: 0 is out of range. Write per cent, more than 0 and at most 100, such as 95.", "run", "job.yaml", "--gate", "0")]
    [InlineData("--gate: 100.1 is out of range. Write per cent, more than 0 and at most 100, such as 95.", "run", "job.yaml", "--gate", "100.1")]
    [InlineData("--gate: '95%' is not a number. Write per cent, more than 0 and at most 100, such as 95.", "run", "job.yaml", "--gate", "95%")]
    public async Task A_mistake_in_the_command_line_is_one_line_and_sends_nothing(string expected, params string[] args)
    {
        await using var folder = await CliFolder.CreateAsync();
        var result = await folder.RunAsync(args);
        Assert.Equal((2, "", $"error: {expected}"), (result.Exit, result.Out, result.Error.Trim()));
        Assert.Equal(0, folder.Server.Stats.Requests);
    }

    [Theory]
    [InlineData("check", "job.yaml")]
    [InlineData("try", "job.yaml")]
    [InlineData("run", "job.yaml")]
    [InlineData("status", "job.yaml")]
    [InlineData("export", "job.yaml")]
    [InlineData("calls", "job.yaml")]
    [InlineData("init", "songs.csv")]
    [InlineData("demo")]
    public async Task With_json_stdout_is_one_document_and_people_read_stderr(params string[] args)
    {
        await using var folder = await CliFolder.CreateAsync();
        var result = await folder.RunAsync([.. args, "--json"]);
        Assert.Equal(System.Text.Json.JsonValueKind.Object, result.Json.ValueKind);
        Assert.InRange(result.Exit, 0, 3);
        var plain = await folder.RunAsync(args[0] == "init" ? [.. args, "--force"] : args);
        Assert.NotEqual("", plain.Out);
        Assert.False(plain.Out.StartsWith('{'));
    }

    [Fact]
    public async Task Mistakes_are_told_with_file_line_key_and_fix_each_once()
    {
        await using var folder = await CliFolder.CreateAsync();
        folder.Write("songs.csv", "title,artist,ai_label\nAdorn,Miguel,x\n");
        folder.WriteJob();
        folder.Write("job.yaml", (await System.IO.File.ReadAllTextAsync(folder.File("job.yaml"), TestContext.Current.CancellationToken)).Replace("[title, artist]", "[title, artst]"));
        Directory.CreateDirectory(folder.File("out.csv"));
        var result = await folder.RunAsync("check", "job.yaml", "--json");
        Assert.Equal(2, result.Exit);
        var problems = result.Json.GetProperty("problems").EnumerateArray().ToList();
        Assert.Equal(["source.key[1]", "output.prefix", "output.csv"], problems.Select(p => p.GetProperty("key").GetString()!));
        Assert.All(problems, p => Assert.True(p.GetProperty("line").GetInt32() > 0 && p.GetProperty("file").GetString() == "job.yaml"));
        Assert.Contains("error: job.yaml:2: source.key[1]: songs.csv has no column 'artst'. Did you mean 'artist'?", result.Error, StringComparison.Ordinal);
        Assert.Equal(3, result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
