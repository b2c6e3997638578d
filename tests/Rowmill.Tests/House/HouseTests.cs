using System.Reflection;
using System.Text.RegularExpressions;

namespace Rowmill.Tests.House;

public sealed partial class HouseTests
{
    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var tooLong = Repository.Files().Select(file => (file, lines: Lines(file))).Where(f => f.lines > 400);

        Assert.Empty(tooLong);
    }

    [Fact]
    public void The_median_source_file_is_under_120_lines()
    {
        var lines = Repository.Files("src").Where(IsCode).Select(Lines).Order().ToList();

        Assert.InRange(lines[lines.Count / 2], 1, 119);
    }

    [Fact]
    public void The_readme_is_at_most_200_lines() => Assert.InRange(Lines("README.md"), 1, 200);

    [Fact]
    public void No_file_names_a_place_on_a_machine_or_a_package_registry() =>
        Assert.Empty(Matches(Repository.Files(), MachinePath()));

    [Fact]
    public void What_the_demo_writes_into_a_clone_is_ignored()
    {
        Assert.Contains("\"rowmill-demo\"", Repository.Read("src/Rowmill.Cli/Commands/DemoCommand.cs"), StringComparison.Ordinal);
        Assert.Contains("/rowmill-demo/", Repository.Read(".gitignore").Split('\n'));
    }

    [Fact]
    public void Nothing_is_left_for_later() => Assert.Empty(Matches(Repository.Files(), LeftForLater()));

    [Fact]
    public void A_skipped_test_says_why() => Assert.Empty(Matches(Repository.Files("tests"), SkippedWithoutReason()));

    [Fact]
    public void Every_sql_file_is_embedded_in_its_assembly()
    {
        var missing = Repository.Files("src").Where(file => file.EndsWith(".sql", StringComparison.Ordinal)).Where(file =>
        {
            var parts = file.Split('/');
            return !Assembly.Load(parts[1]).GetManifestResourceNames().Contains(string.Join('.', parts[1..]));
        });

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_script_can_be_executed()
    {
        if (OperatingSystem.IsWindows()) return;

        const UnixFileMode all = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var scripts = Repository.Files().Where(file =>
            file.EndsWith(".sh", StringComparison.Ordinal) || Repository.Read(file).StartsWith("#!", StringComparison.Ordinal)).ToList();

        Assert.Contains("rowmill", scripts);
        foreach (var file in scripts)
            Assert.True((File.GetUnixFileMode(Path.Combine(Repository.Root, file)) & all) == all, $"chmod +x {file}");
    }

    [Theory]
    [InlineData("cd /wo~rk/x")]
    [InlineData("docs/wo~rk/notes", false)]
    [InlineData("'/ho~me/somebody/rowmill'")]
    [InlineData("https://api.nu~get.org/v3")]
    [InlineData("https://api.openai.com/v1", false)]
    public void A_place_on_a_machine_is_seen(string text, bool seen = true) =>
        Assert.Equal(seen, MachinePath().IsMatch(text.Replace("~", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData("[Fact(Ski~p = \"\")]", true)]
    [InlineData("Assert.Ski~p(\"\")", true)]
    [InlineData("[Fact(Ski~p = reason)]", true)]
    [InlineData("[Fact(Ski~p = \"needs a PostgreSQL server\")]", false)]
    public void A_skip_without_reason_is_seen(string text, bool seen) =>
        Assert.Equal(seen, SkippedWithoutReason().IsMatch(text.Replace("~", "", StringComparison.Ordinal)));

    private static int Lines(string file) => File.ReadLines(Path.Combine(Repository.Root, file)).Count();

    private static bool IsCode(string file) => file.EndsWith(".cs", StringComparison.Ordinal);

    private static IEnumerable<string> Matches(IEnumerable<string> files, Regex pattern) =>
        from file in files
        from line in File.ReadLines(Path.Combine(Repository.Root, file)).Index()
        where pattern.IsMatch(line.Item)
        select $"{file}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"(?<![\w.~*-])/(?:work|root|home|Users)/|\b(?:nuget|npmjs|pypi|crates|debian)\.(?:org|com|io)\b")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b(?:TO[D]O|FIX[M]E|HA[C]K|NotImplemented[E]xception)\b")]
    private static partial Regex LeftForLater();

    [GeneratedRegex(@"\bSkip\s*=(?!\s*""[^""]{8,})|\bAssert\.Skip\((?!\$?""[^""]{8,})")]
    private static partial Regex SkippedWithoutReason();
}
