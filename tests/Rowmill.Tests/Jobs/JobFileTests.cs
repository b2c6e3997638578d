using Rowmill.Core.Jobs;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Tests.Jobs;

public sealed class JobFileTests : IDisposable
{
    private const string Example = """
        name: songs
        source:
          csv: songs.csv              # one of csv, jsonl
          delimiter: ","
          key: [title, artist]
          fields: [title, artist]
          require: [title, artist]
        prompt: prompts/songs.md      # a file, or the text itself
        answer:                       # JSON Schema of one row's answer
          type: object
          required: [energy, accessibility, subgenres, reasoning]
          properties:
            energy: { enum: [Very Low, Low, Medium, High, Very High] }
            accessibility: { enum: [Eclectic, Timeless, Commercial, Cheesy] }
            subgenres: { type: array, minItems: 1, maxItems: 3, items: { enum_file: subgenres.txt } }
            reasoning: { type: string, maxLength: 600 }
        abstain: true
        pack: { rows: 20 }
        dedupe: true
        options: { temperature: 0 }
        models:
          - model: groq/openai/gpt-oss-20b
            limits: { requests_per_minute: 30, tokens_per_minute: 8000, requests_per_day: 1000, tokens_per_day: 200000, concurrency: 4 }
            price: { input: 0.075, output: 0.30 }
          - model: ollama/llama3.1:8b
        routing: order
        patience: 2m
        budget: { usd: 5 }
        output: { csv: songs-labelled.csv, prefix: ai_ }
        """;

    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_example_of_the_design_loads_completely()
    {
        _folder.Write("prompts/songs.md", "\uFEFFLabel the song.\r\nBe honest.\r\n");
        var job = _folder.LoadGood(Example);

        Assert.Equal("songs", job.Name);
        Assert.Equal(Path.Combine(_folder.Path, "job.yaml"), job.File);
        Assert.Equal(_folder.Path, job.Directory);
        Assert.Equal(SourceKind.Csv, job.Source.Kind);
        Assert.Equal(Path.Combine(_folder.Path, "songs.csv"), job.Source.Path);
        Assert.Equal("songs.csv", job.Source.Name);
        Assert.Equal(["title", "artist"], job.Source.Key);
        Assert.Equal(["title", "artist"], job.Source.Fields);
        Assert.Equal(["title", "artist"], job.Source.Require);
        Assert.Equal("Label the song.\nBe honest.", job.Question.Prompt);
        Assert.Equal(["title", "artist"], job.Question.Fields);
        Assert.True(job.Question.Abstain);
        Assert.Equal(0, job.Question.Sampling.Temperature);
        Assert.Equal(20, job.PackRows);
        Assert.True(job.Dedupe);
        Assert.Equal(TimeSpan.FromMinutes(2), job.Patience);
        Assert.Equal(5, job.BudgetUsd);
        Assert.Equal(Path.Combine(_folder.Path, "songs-labelled.csv"), job.Output.Path);
        Assert.Equal("ai_", job.Output.Prefix);
        Assert.Equal(
            """{"type":"object","required":["energy","accessibility","subgenres","reasoning"],"properties":{"energy":{"enum":["Very Low","Low","Medium","High","Very High"]},"accessibility":{"enum":["Eclectic","Timeless","Commercial","Cheesy"]},"subgenres":{"type":"array","minItems":1,"maxItems":3,"items":{"enum_file":"subgenres.txt"}},"reasoning":{"type":"string","maxLength":600}}}""",
            _folder.Schema);

        var (groq, ollama) = (job.Routes[0], job.Routes[1]);
        Assert.Equal("groq/openai/gpt-oss-20b", groq.Name);
        Assert.Equal("https://api.groq.com/openai/v1", groq.BaseUrl);
        Assert.Equal("GROQ_API_KEY", groq.ApiKeyEnv);
        Assert.Equal(
            new RouteLimits { RequestsPerMinute = 30, TokensPerMinute = 8000, RequestsPerDay = 1000, TokensPerDay = 200000, Concurrency = 4 },
            groq.Limits);
        Assert.Equal(new Price(0.075m, 0.30m), groq.Price);
        Assert.Equal((131072, 65536, true), (groq.ContextTokens, groq.MaxOutputTokens, groq.Thinks));
        Assert.Equal("http://localhost:11434", ollama.BaseUrl);
        Assert.Null(ollama.ApiKeyEnv);
        Assert.Equal((16384, 4096, false), (ollama.ContextTokens, ollama.MaxOutputTokens, ollama.Thinks));
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10)), (groq.Timeout, ollama.Timeout));
        Assert.Equal(new Price(0, 0), ollama.Price);
    }

    [Fact]
    public void What_a_job_leaves_out_has_its_default()
    {
        var job = _folder.LoadGood(JobFolder.Good);
        Assert.Equal("Label the song.", job.Question.Prompt);
        Assert.False(job.Question.Abstain);
        Assert.Null(job.PackRows);
        Assert.True(job.Dedupe);
        Assert.Null(job.BudgetUsd);
        Assert.Equal(TimeSpan.FromMinutes(2), job.Patience);
        Assert.Equal((',', "utf-8", false), (job.Source.Delimiter, job.Source.Encoding, job.Source.PadRagged));
        Assert.Equal(("ai_", false), (job.Output.Prefix, job.Output.Bom));
        Assert.Equal(RouteLimits.None, job.Routes[0].Limits);
        Assert.Equal(TimeSpan.FromSeconds(120), job.Routes[0].Timeout);
    }

    [Fact]
    public void Every_other_key_arrives()
    {
        var job = _folder.LoadGood("""
            name: "7"
            source: { jsonl: /data/rows.jsonl }
            prompt: |
              First line.
              Second line.
            answer: { properties: { tags: { type: array, items: { type: string } }, n: { minimum: 0x10, maximum: 1.50 } } }
            pack: { rows: auto, contiguous: false }
            dedupe: false
            options: { temperature: 0.5, seed: -7, top_p: 0.9, reasoning_effort: low, max_output_tokens: 500 }
            models:
              - model: openai-compatible/my/model
                base_url: HTTP://LocalHost:8000/v1/
                api_key_env: MY_KEY
                context: 8192
                timeout: 1h30m
                limits: { concurrency: auto, burst: 3, requests_per_minute: 10, input_tokens_per_minute: 5, output_tokens_per_minute: 6, account: team }
                price: { input: 1, output: 2, cached_input: 0.1, cache_write: 1.25, batch_input: 0.5, batch_output: 1 }
              - model: simulator/x
                max_output: 100
            patience: 0
            batch: {}
            output: { csv: out.csv, prefix: label_, bom: true, receipt: true, spread: { tags: 3 } }
            """);
        Assert.Equal("7", job.Name);
        Assert.Equal((SourceKind.Jsonl, "/data/rows.jsonl"), (job.Source.Kind, job.Source.Path));
        Assert.Equal("First line.\nSecond line.", job.Question.Prompt);
        Assert.Equal("""{"properties":{"tags":{"type":"array","items":{"type":"string"}},"n":{"minimum":16,"maximum":1.50}}}""", _folder.Schema);
        Assert.Null(job.PackRows);
        Assert.False(job.Dedupe);
        var sampling = job.Question.Sampling;
        Assert.Equal((0.5, 0.9, -7L, "low", 500), (sampling.Temperature, sampling.TopP, sampling.Seed, sampling.ReasoningEffort, sampling.MaxOutputTokens));
        var route = job.Routes[0];
        Assert.Equal("openai-compatible/my/model@http://localhost:8000/v1", route.Id);
        Assert.Equal("MY_KEY", route.ApiKeyEnv);
        Assert.Equal((8192, 4096), (route.ContextTokens, route.MaxOutputTokens));
        Assert.Equal(TimeSpan.FromMinutes(90), route.Timeout);
        Assert.Equal(
            new RouteLimits { Burst = 3, RequestsPerMinute = 10, InputTokensPerMinute = 5, OutputTokensPerMinute = 6, Account = "team" }, route.Limits);
        Assert.Equal(new Price(1, 2) { CachedInput = 0.1m, CacheWrite = 1.25m, BatchInput = 0.5m, BatchOutput = 1 }, route.Price);
        Assert.Equal(("http://127.0.0.1:8484/v1", null, 100), (job.Routes[1].BaseUrl, job.Routes[1].ApiKeyEnv, job.Routes[1].MaxOutputTokens));
        Assert.Equal(TimeSpan.Zero, job.Patience);
        Assert.Equal(("label_", true, true, 3), (job.Output.Prefix, job.Output.Bom, job.Output.Receipt, job.Output.Spread["tags"]));
    }

    [Fact]
    public void Words_of_YAML_1_1_stay_texts_and_quoted_numbers_too()
    {
        _folder.LoadGood(JobFolder.Good.Replace("[No, Yes]", """[No, Yes, on, Off, n, "1", '2.5', "true", ~, true, 1e2, 012, 1_000, 12:30, 2026-01-01]"""));
        Assert.Contains("""["No","Yes","on","Off","n","1","2.5","true",null,true,100,12,"1_000","12:30","2026-01-01"]""", _folder.Schema);
    }

    [Fact]
    public void Anchors_and_aliases_are_understood()
    {
        var job = _folder.LoadGood(JobFolder.Good.Replace("fields: [title, artist]", "fields: &columns [title, artist]\n  key: *columns"));
        Assert.Equal(["title", "artist"], job.Source.Key);
    }

    [Fact]
    public void A_prompt_that_names_an_existing_file_is_that_file()
    {
        _folder.Write("question", "Asked from a file.\n");
        Assert.Equal("Asked from a file.", _folder.LoadGood(JobFolder.Good.Replace("prompt: Label the song.", "prompt: question")).Question.Prompt);
        Assert.Equal("a question", _folder.LoadGood(JobFolder.Good.Replace("prompt: Label the song.", "prompt: a question")).Question.Prompt);
    }

    [Fact]
    public void Labels_are_read_from_the_folder_of_the_job_file()
    {
        _folder.Write("lists/labels.txt", "Soul\r\n\r\n  Funk \nJazz");
        _folder.LoadGood(JobFolder.Good.Replace("{ enum: [No, Yes] }", "{ enum_file: lists/labels.txt }"));
        Assert.Equal(["Soul", "Funk", "Jazz"], _folder.Labels);
    }

    [Fact]
    public void Several_mistakes_are_told_at_once_from_the_top_down()
    {
        var result = _folder.Load("""
            nane: songs
            source: { csv: songs.csv, delimeter: ";" }
            prompt: missing.md
            answer: { properties: { label: { refuse: 1 } } }
            pack: { rows: 5000 }
            models:
              - model: grok/x
              - model: openai-compatible/x
            patience: soon
            """);
        Assert.Null(result.Job);
        Assert.Equal(
            [
                "1 name", "1 output", "1 nane", "2 source.delimeter", "3 prompt", "4 answer.properties.label.refuse", "5 pack.rows",
                "7 models[0].model", "8 models[1].base_url", "9 patience",
            ],
            result.Problems.Select(p => $"{p.Line} {p.Key}"));
    }

    [Fact]
    public void A_problem_names_the_file_as_the_person_did()
    {
        var result = JobFile.Parse("name: x", "jobs/x.yaml", _folder.Path, _folder.Options);
        Assert.All(result.Problems, p => Assert.Equal("jobs/x.yaml", p.File));
        Assert.StartsWith("jobs/x.yaml:1: source: 'source' is missing. Write", result.Problems[0].ToString(), StringComparison.Ordinal);
    }
}
