using System.Text.RegularExpressions;
using Guide;
using Microsoft.Extensions.DependencyInjection;
using Rowmill.Core;
using Rowmill.Core.Runs;
using Rowmill.Tests.House;

namespace Rowmill.Tests.Package;

public sealed partial class GuideTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rowmill-guide-");

    private static readonly Track[] s_tracks = [new("Adorn", "Miguel", 2012), new("Nikes", "Frank Ocean", 2016), new("", "Nobody", null)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("docs/guides/dotnet.md", 8, "GuideCode.cs GuideCode.Runs.cs")]
    [InlineData("docs/guides/embeddings.md", 3, "GuideCode.Singles.cs")]
    [InlineData("README.md", 1, "GuideCode.Runs.cs")]
    public void The_code_of_a_page_is_the_code_that_compiles_here(string page, int blocks, string files)
    {
        var sources = files.Split(' ').Select(file => Repository.Read($"tests/Rowmill.Tests/Package/{file}")).ToList();
        var compiled = sources.SelectMany(source => Region().Matches(source)).Select(m => Flush(m.Groups["code"].Value)).ToList();

        var shown = Block().Matches(Repository.Read(page)).Select(m => Flush(m.Groups["code"].Value)).ToList();

        Assert.Equal(blocks, shown.Count);
        Assert.All(shown, code => Assert.Contains(code, compiled));
        if (blocks > 1) Assert.All(compiled, code => Assert.Contains(code, shown));
        // What it needs to compile stands on the page too.
        Assert.All(sources, source => Assert.DoesNotMatch(@"(?m)^using ", Region().Replace(source, "")));
    }

    [Fact]
    public async Task The_smallest_job_runs()
    {
        await using var world = await PackageWorld.StartAsync();
        using var output = new StringWriter();

        await GuideCode.SmallestAsync(world.Rowmill, s_tracks.ToAsyncEnumerable(), output);

        Assert.Equal(3, output.ToString().Count(c => c == '\n'));
        Assert.Matches("^Adorn: (VeryLow|Low|Medium|High|VeryHigh)\\r?\\n", output.ToString());
    }

    [Fact]
    public async Task The_whole_job_runs_and_is_watched()
    {
        await using var world = await PackageWorld.StartAsync();
        using var output = new StringWriter();
        var job = GuideCode.Whole(s_tracks).ToCsv(world.File("out.csv"));

        Assert.Equal(RunState.CompletedWithGaps, await GuideCode.WatchAsync(world.Rowmill, job, output, Token));

        Assert.Contains(" started ", output.ToString());
        Assert.Contains("CompletedWithGaps: ", output.ToString());
        Assert.Equal(4, (await File.ReadAllLinesAsync(world.File("out.csv"), Token)).Length);
    }

    [Fact]
    public async Task A_chat_client_serves_a_job_and_a_route_serves_a_chat()
    {
        await using var world = await PackageWorld.StartAsync();
        using var chat = new ScriptedChat { Answer = _ => new() { ["drive"] = "Low", ["tags"] = new System.Text.Json.Nodes.JsonArray("a") } };

        var job = GuideCode.Client(RowmillJob.Over("tracks", s_tracks).Ask<Verdict>("Judge."), chat);
        var rows = await world.Rowmill.RunAsync(job, cancellationToken: Token).ToListAsync(Token);

        Assert.Equal([Drive.Low, Drive.Low, Drive.Low], rows.Select(r => r.Answer!.Drive));
        Assert.NotEqual("", await GuideCode.ChatAsync(world.Rowmill));
    }

    [Fact]
    public async Task A_vector_and_a_transcript_are_asked_of_the_models_named()
    {
        await using var rowmill = new RowmillService(new RowmillOptions { StorePath = Path.Combine(_folder.FullName, "rowmill.db"), Variable = _ => null });
        using var output = new StringWriter();

        var vector = await Assert.ThrowsAsync<ProblemException>(() => GuideSingles.EmbedAsync(rowmill, ["one"], new ReadOnlyMemory<float>[1]));
        var transcript = await Assert.ThrowsAsync<ProblemException>(() => GuideSingles.TranscribeAsync(rowmill, output));

        Assert.Equal(("OPENAI_API_KEY", "GROQ_API_KEY"), (vector.Problems.Single().MissingKey, transcript.Problems.Single().MissingKey));
    }

    [Fact]
    public void The_services_are_added()
    {
        var services = new ServiceCollection();

        GuideCode.Add(services);

        Assert.Equal(typeof(RowmillService), Assert.Single(services).ServiceType);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // Without the indentation of its place.
    private static string Flush(string code)
    {
        var lines = code.ReplaceLineEndings("\n").Trim('\n').Split('\n').Where(l => !l.StartsWith("namespace ", StringComparison.Ordinal)).Select(l => l.TrimEnd()).ToList();
        var indent = lines.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return Blank().Replace(string.Join('\n', lines.Select(l => l.Length == 0 ? l : l[indent..])), "\n\n").Trim();
    }

    [GeneratedRegex(@"^[ ]*\#region [a-z]+\r?\n(?<code>.*?)^[ ]*\#endregion", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Region();

    [GeneratedRegex(@"^```csharp\r?\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();

    [GeneratedRegex(@"\n{3,}")]
    private static partial Regex Blank();
}
