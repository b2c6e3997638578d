using System.Reflection;
using System.Xml.Linq;

namespace Rowmill.Tests.House;

public sealed class ArrowTests
{
    private const string Engine = "src/Rowmill.Core/";

    private static readonly ILookup<string, string> s_types = Types(typeof(Core.Problem).Assembly);

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
        .Select(folder => Path.GetFileName(folder)!)
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_refers_only_to_the_siblings_it_may(string project)
    {
        var file = Assembly.Load(project == "Rowmill.Cli" ? "rowmill-cli" : project);
        var built = file.GetReferencedAssemblies().Select(name => name.Name!).Where(Arrows.Assemblies.ContainsKey);

        Assert.Empty(built.Except(Arrows.Assemblies[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_names_only_the_siblings_it_may(string project)
    {
        var named = XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
        var used = Repository.Files("src/" + project).Where(file => file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => Arrows.NamedAssemblies(Repository.Read(file)));

        Assert.Empty(named.Concat(used).Except(Arrows.Assemblies[project].Append(project)));
    }

    [Fact]
    public void The_rooms_of_the_engine_use_only_the_rooms_they_may()
    {
        var files = Repository.Files(Engine).Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => Arrows.Wrong(file[Engine.Length..], Repository.Read(file), s_types)));
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var wrong = Repository.Files("src").Where(file => file.EndsWith(".cs", StringComparison.Ordinal))
            .Select(file => (file, code: CodeText.WithoutCommentsAndStrings(Repository.Read(file))))
            .Where(f => f.code.Contains("namespace ", StringComparison.Ordinal)
                && !f.code.Contains($"namespace {string.Join('.', f.file.Split('/')[1..^1])};", StringComparison.Ordinal))
            .Select(f => f.file);

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_using_hides_from_the_file_that_depends_on_it()
    {
        var wrong = Repository.Files("src").Where(file =>
            file.EndsWith(".cs", StringComparison.Ordinal)
                && CodeText.WithoutCommentsAndStrings(Repository.Read(file)).Contains("global using", StringComparison.Ordinal)
            || file.EndsWith(".csproj", StringComparison.Ordinal)
                && Repository.Read(file).Contains("<Using ", StringComparison.Ordinal));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_but_planning_and_quality_knows_the_runs() =>
        Assert.Equal(["Planning", "Batches", "Quality"], Arrows.Rooms.Where(room => room.Value.Contains("Runs")).Select(room => room.Key));

    [Theory]
    [InlineData("Rows/X.cs", "using Rowmill.Core.Runs;", "Rows/X.cs: Rows may not use Runs")]
    [InlineData("Stores/X.cs", "using static Rowmill.Core.Runs.ExitCode;", "Stores/X.cs: Stores may not use Runs")]
    [InlineData("Limits/X.cs", "using E = global::Rowmill.Core.Runs.ExitCode;", "Limits/X.cs: Limits may not use Runs")]
    [InlineData("Models/Deep/X.cs", "class X { Stores.IAnswerStore? a; }", "Models/Deep/X.cs: Models may not use Stores")]
    [InlineData("Questions/X.cs", "class X { Core.Rows.Row? a; }", "Questions/X.cs: Questions may not use Rows")]
    [InlineData("X.cs", "using Rowmill.Core.Rows;", "X.cs: the root may not use Rows")]
    [InlineData("Cellar/X.cs", "class X;", "Cellar/X.cs: the room Cellar is not in the table of arrows")]
    [InlineData("Rows/X.cs", "using Rowmill.Core.Jobs; class X(Job job);", "Rows/X.cs: Rows may not use Jobs")]
    public void A_wrong_arrow_is_seen(string file, string source, string expected) =>
        Assert.Equal([expected], Arrows.Wrong(file, source, s_types));

    [Theory]
    [InlineData("Runs/X.cs", "using Rowmill.Core.Stores; using Rowmill.Core.Rows;")]
    [InlineData("Rows/X.cs", "// using Rowmill.Core.Runs;\n/// <see cref=\"Runs.ExitCode\"/>\nclass X { string a = \"Runs.ExitCode\"; }")]
    [InlineData("Models/X.cs", "class X { RouteLimits Limits = new(); int A => Limits.Concurrency; }")]
    public void A_right_arrow_is_left_alone(string file, string source) => Assert.Empty(Arrows.Wrong(file, source, s_types));

    [Theory]
    [InlineData("using Rowmill.Core.Jobs; class X(Duration wait);")]
    [InlineData("using Rowmill.Core.Jobs; class X(Job job, Duration wait, YamlSyntax text);", "Job", "YamlSyntax")]
    [InlineData("class X { Jobs.Job? job; }", "Job")]
    public void An_arrow_to_some_types_of_a_room_is_right_for_those_alone(string source, params string[] wrong)
    {
        var rooms = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["Rows"] = ["Jobs:Duration JobLines"], ["Jobs"] = ["Rows"] };

        var found = Arrows.Wrong("Rows/X.cs", source, s_types, rooms);

        Assert.Equal(wrong.Select(type => $"Rows/X.cs: Rows may not use Jobs.{type}").Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private static ILookup<string, string> Types(Assembly assembly) => assembly.GetTypes()
        .Where(type => !type.IsNested && type.Namespace?.StartsWith("Rowmill.Core.", StringComparison.Ordinal) == true)
        .ToLookup(type => type.Namespace!.Split('.')[2], type => type.Name.Split('`')[0]);
}
