using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Tests.House;

namespace Rowmill.Tests.Models;

public sealed class ModelTablesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rowmill-tables-").FullName;

    private string File => Path.Combine(_folder, "models.json");

    [Fact]
    public void Without_a_file_the_programs_own_figures_count_and_say_their_day()
    {
        var model = ModelTables.Load(File).Find("openai", "gpt-4o-mini");
        Assert.Same(ModelTables.BuiltIn, ModelTables.Load(File));
        Assert.Equal(new FigureSource("known", "2026-10-01"), model.PriceFrom);
        Assert.Equal((0.15m, 128_000), (model.Price!.Input, model.ContextTokens));
        Assert.Null(ModelTables.BuiltIn.Find("openai", "never-heard-of").ContextFrom);
    }

    [Fact]
    public void Each_figure_of_the_file_goes_before_the_programs_and_the_others_stay()
    {
        var tables = Load("""{"dated":"2026-11-01","about":["mine"],"models":{"openai":{"gpt-4o-mini":{"price":{"input":0.1,"output":0.2,"batch_input":0.05}}, "mine":{"context":8000}}}}""");
        var model = tables.Find("openai", "gpt-4o-mini-2024-07-18");
        Assert.Equal(new Price(0.1m, 0.2m) { BatchInput = 0.05m }, model.Price);
        Assert.Equal((new FigureSource("file", "2026-11-01", File), new FigureSource("known", "2026-10-01"), 128_000), (model.PriceFrom, model.ContextFrom, model.ContextTokens));
        var mine = tables.Find("openai", "mine");
        Assert.Equal((8000, 4000, true, null), (mine.ContextTokens, mine.MaxOutputTokens, mine.Listed, mine.Price));
        Assert.Equal(0.15m, ModelTables.BuiltIn.Find("openai", "gpt-4o-mini").Price!.Input);
    }

    [Fact]
    public void A_plan_of_the_file_goes_before_the_programs_for_its_models_alone()
    {
        var tables = Load("""{"dated":"2026-11-01","presets":{"groq-free":{"provider":"groq","models":{"openai/gpt-oss-20b":{"requests_per_minute":60}}},"mine":{"provider":"openai","models":{"gpt-4o":{"tokens_per_day":9,"enqueued_tokens":90000,"dated":"2026-10-20","source":"my console"}}}}}""");
        Assert.Equal((60, (long?)null), (tables.PresetsFor("groq", "openai/gpt-oss-20b").Single().Limits.RequestsPerMinute, tables.PresetsFor("groq", "openai/gpt-oss-20b").Single().Limits.TokensPerDay));
        Assert.Equal(8000, tables.PresetsFor("groq", "openai/gpt-oss-120b").Single().Limits.TokensPerMinute);
        var route = Route.Of("openai/gpt-4o", tables).Under("mine", tables);
        Assert.Equal((9, 90_000, "2026-10-20", "my console"), (route.Limits.TokensPerDay, route.Limits.EnqueuedTokens, route.Preset!.Dated, route.Preset.Source));
        Assert.Throws<ProblemException>(() => Route.Of("openai/gpt-4o").Under("mine"));
    }

    [Fact]
    public void The_file_that_the_guide_shows_is_right_and_shows_every_key()
    {
        var guide = Repository.Read("docs/guides/models.md").ReplaceLineEndings("\n");
        var shown = guide.Split("```json\n")[1].Split("\n```")[0];
        var tables = Load(shown);
        Assert.Equal((0.36m, 0.72m), (tables.Find("openai", "gpt-4.1-mini").Price!.Input, tables.Find("openai", "gpt-4.1-mini").Price!.BatchOutput));
        var mine = tables.Find("anthropic", "claude-mine");
        Assert.Equal((200_000, 32_000, 1.25m, false), (mine.ContextTokens, mine.MaxOutputTokens, mine.Price!.CacheWrite, mine.Thinks));
        Assert.Equal((32_768, "2026-10-01"), (tables.Find("ollama", "llama3.1:8b").ContextTokens, tables.Find("ollama", "llama3.1:8b").ContextFrom!.Dated));
        var plan = Route.Of("groq/openai/gpt-oss-20b", tables).Under("my-plan", tables);
        Assert.Equal((1000, 500_000, "2026-09-28"), (plan.Limits.RequestsPerMinute, plan.Limits.RequestsPerDay, plan.Preset!.Dated));
        Assert.True(Route.Of("groq/llama-3.1-8b-instant", tables).Under("my-plan", tables).Preset!.Observed);

        // The windows stand in the table below it.
        string[] keys = ["dated", "about", "models", "presets", "context", "max_output", "price", "thinks", "input", "output", "cached_input", "cache_write", "batch_input", "batch_output", "provider", "source", "observed"];
        Assert.All(keys, key => Assert.Contains($"\"{key}\":", shown, StringComparison.Ordinal));
        Assert.All(typeof(LimitNames).GetFields(), window => Assert.Contains($"`{window.GetRawConstantValue()}`", guide, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[]", null, "one JSON object")]
    [InlineData("{", null, "not JSON")]
    [InlineData("""{"dated":"2026-11-01","dated":"2026-11-02"}""", "dated", "given twice; the first is on line 1")]
    [InlineData("""{"models":{}}""", "dated", "'dated' is missing")]
    [InlineData("""{"dated":"November"}""", "dated", "is not a day")]
    [InlineData("""{"dated":"2026-11-01","model":{}}""", "model", "Did you mean 'models'?")]
    [InlineData("""{"dated":"2026-11-01","models":{"grok":{}}}""", "models.grok", "Did you mean 'groq'?")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":7}}}""", "models.groq.m", "7 is no object")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":{"contxt":9000}}}}""", "models.groq.m.contxt", "Did you mean 'context'?")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":{"context":1.5}}}}""", "models.groq.m.context", "1.5 is not a whole number")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":{"context":2000,"max_output":2000}}}}""", "models.groq.m.max_output", "leaves no room")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":{"price":{"input":1}}}}}""", "models.groq.m.price.output", "'output' is missing")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":{"price":{"input":-1,"output":1}}}}}""", "models.groq.m.price.input", "-1 is not an amount")]
    [InlineData("""{"dated":"2026-11-01","models":{"groq":{"m":{"thinks":"yes"}}}}""", "models.groq.m.thinks", "true or false")]
    [InlineData("""{"dated":"2026-11-01","presets":{"p":{"models":{}}}}""", "presets.p.provider", "'provider' is missing")]
    [InlineData("""{"dated":"2026-11-01","presets":{"groq-free":{"provider":"openai","models":{}}}}""", "presets.groq-free.provider", "is a plan of groq")]
    [InlineData("""{"dated":"2026-11-01","presets":{"p":{"provider":"groq","models":{"m":{}}}}}""", "presets.p.models.m", "No limit is written here")]
    [InlineData("""{"dated":"2026-11-01","presets":{"p":{"provider":"groq","models":{"m":{"requests_per_day":0}}}}}""", "presets.p.models.m.requests_per_day", "0 is not a whole number")]
    public void A_mistake_is_told_with_its_key_and_what_to_do(string json, string? key, string words)
    {
        var problem = Assert.Throws<ProblemException>(() => Load(json)).Problems[0];
        Assert.Equal((File, key), (problem.File, problem.Key));
        Assert.Contains(words, problem.ToString(), StringComparison.Ordinal);
        Assert.NotNull(problem.Fix);
    }

    [Theory]
    [InlineData("{\"dated\":\"2026-11-01\",\n \"models\":\n  {\"groq\": // ours\n   {\"llama-3.1\":{\n\"contxt\":9000}}}}", 5)]
    [InlineData("{\"dated\":\"2026-11-01\",\n \"models\":\n  {\"groq\":\n   {\"llama-3.1\":{\"price\":{\n\"input\":1}}}}}", 4)]
    [InlineData("{\"about\":[\"a\",{\"dated\":1}],\n\"dated\":7}", 2)]
    [InlineData("{\"dated\":\"2026-11-01\",\n\"models\":{},\n\"models\":{}}", 3)]
    [InlineData("\n{\"models\":{}}", 2)]
    [InlineData("\n\n[]", 3)]
    [InlineData("{\"dated\":\"2026-11-01\",\n\"models\":[}", 2)]
    [InlineData("{\"dated\":\"2026-11-01\",\"models\":{\n", 1)]
    [InlineData("{\"dated\":\"2026-11-01\",\n\"models\":{\n\n \n", 2)]
    [InlineData("", 1)]
    public void A_mistake_is_told_with_its_line(string json, long line) =>
        Assert.Equal(line, Assert.Throws<ProblemException>(() => Load(json)).Problems.Single().Line);

    [Fact]
    public void A_folder_in_its_place_is_a_mistake()
    {
        Directory.CreateDirectory(File);
        Assert.Contains("folder", Assert.Throws<ProblemException>(() => ModelTables.Load(File)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/settings", "/settings/rowmill/models.json")]
    [InlineData("not/rooted", null)]
    [InlineData(null, null)]
    public void The_file_is_where_the_system_keeps_settings(string? config, string? path) => Assert.Equal(
        path ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config", "rowmill", "models.json"),
        ModelTables.DefaultPath(name => name == "XDG_CONFIG_HOME" ? config : null));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ModelTables Load(string json)
    {
        System.IO.File.WriteAllText(File, json);
        return ModelTables.Load(File);
    }
}
