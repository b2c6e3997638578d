namespace Rowmill.Tests.Jobs;

/// <summary>One test for each kind of mistake: exactly one problem, with its line, key, message and fix.</summary>
public sealed class JobFileMistakeTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("name: songs", "", 1, "name", "missing", "Give the job a name")]
    [InlineData("name: songs", "name:", 1, "name", "no value", "Give it one")]
    [InlineData("name: songs", "name: '  '", 1, "name", "blank", null)]
    [InlineData("name: songs", "name: [a]", 1, "name", "is a list; it must be a text", null)]
    [InlineData("name: songs", "name: \"a\\nb\"", 1, "name", "control characters", "one line")]
    [InlineData("prompt: Label the song.", "promt: Label", 1, "prompt", "missing", "prompts/songs.md", "promt")]
    [InlineData("prompt: Label the song.", "prompt: prompts/songs.md", 5, "prompt", "no file 'prompts/songs.md'", "Create it")]
    [InlineData("  csv: songs.csv", "  cvs: songs.csv", 2, "source.csv", "names no table", "csv: FILE", "source.cvs")]
    [InlineData("  csv: songs.csv", "  csv: songs.csv\n  jsonl: x.jsonl", 4, "source.jsonl", "one kind", "Delete one")]
    [InlineData("  csv: songs.csv", "  csv: songs.csv\n  delimiter: tab", 4, "source.delimiter", "'tab' cannot be", "\\t")]
    [InlineData("  csv: songs.csv", "  csv: songs.csv\n  encoding: uft-8", 4, "source.encoding", "no encoding 'uft-8'", "'utf-8'")]
    [InlineData("  csv: songs.csv", "  csv: songs.csv\n  ragged: cut", 4, "source.ragged", "'cut'", "ragged: pad")]
    [InlineData("  csv: songs.csv", "  csv: songs.csv\n  feilds: [title]", 4, "source.feilds", "no key 'feilds' in 'source'", "'fields'")]
    [InlineData("  csv: songs.csv", "  jsonl: songs.jsonl\n  delimiter: ','", 4, "source.delimiter", "csv sources only", "Delete it")]
    [InlineData("fields: [title, artist]", "fields: title", 4, "source.fields", "the text 'title'; it must be a list", "fields: [title]")]
    [InlineData("fields: [title, artist]", "fields: [title, title]", 4, "source.fields[1]", "named twice", "Delete")]
    [InlineData("fields: [title, artist]", "fields: [title, null]", 4, "source.fields[1]", "empty", "Quote it")]
    [InlineData("  required: [label]", "  required: [label]\n  required: []", 9, "answer.required", "given twice; the first is on line 8", "Delete one")]
    [InlineData("{ enum: [No, Yes] }", "{ refuse: 1 }", 10, "answer.properties.label.refuse", "no keyword", "Delete it.")]
    [InlineData("{ enum: [No, Yes] }", "{ enum_file: labels.txt }", 10, "answer.properties.label.enum_file", "no file 'labels.txt'", null)]
    [InlineData("{ enum: [No, Yes] }", "{ maximum: .inf }", 10, "answer.properties.label.maximum", "no number .inf", "Quote it")]
    [InlineData("label: { enum", "status: { enum", 10, "answer.properties.status", "ai_status would be both the row's status and 'status'", "Rename")]
    [InlineData("output:", "abstain: yes\noutput:", 14, "abstain", "the text 'yes'; it must be true or false", "Write true.")]
    [InlineData("output:", "dedupe: 1\noutput:", 14, "dedupe", "is 1; it must be true or false", "Write true or false.")]
    [InlineData("output:", "pack: 20\noutput:", 14, "pack", "is 20; it must be a mapping", "Write pack: { rows: 20 }.")]
    [InlineData("output:", "pack: { rows: 0 }\noutput:", 14, "pack.rows", "0 is out of range", "from 1 to 1000")]
    [InlineData("output:", "pack: { rows: \"20\" }\noutput:", 14, "pack.rows", "the text '20'", "Remove the quotes.")]
    [InlineData("output:", "pack: { rows: 2.5 }\noutput:", 14, "pack.rows", "2.5 is not a whole number", "1 to 1000")]
    [InlineData("output:", "options: { temprature: 0 }\noutput:", 14, "options.temprature", "no key", "'temperature'")]
    [InlineData("output:", "options: { temperature: 3 }\noutput:", 14, "options.temperature", "3 is out of range", "from 0 to 2")]
    [InlineData("output:", "patience: 2 minutes\noutput:", 14, "patience", "must be a duration", "30s, 2m, 1h30m or 2d")]
    [InlineData("output:", "patience: 90d\noutput:", 14, "patience", "90d is out of range", "to 30d")]
    [InlineData("output:", "budget: { usd: 0 }\noutput:", 14, "budget.usd", "out of range", "from 0.000001")]
    [InlineData("output:", "budget: { dollars: 1, usd: 5 }\noutput:", 14, "budget.dollars", "no key", "Known are usd.")]
    [InlineData("output:", "routing: random\noutput:", 14, "routing", "no routing 'random'", "routing: order, or routing: spread")]
    [InlineData("output:", "Patience: 2m\noutput:", 14, "Patience", "no key 'Patience' in a job file", "'patience'")]
    [InlineData("groq/openai/gpt-oss-20b", "gorq/x", 13, "models[0].model", "no provider 'gorq'", "'groq'")]
    [InlineData("groq/openai/gpt-oss-20b", "gpt-4o", 13, "models[0].model", "'gpt-4o' is not PROVIDER/MODEL", "openai, groq")]
    [InlineData("groq/openai/gpt-oss-20b", "groq", 13, "models[0].model", "not PROVIDER/MODEL", "groq/MODEL")]
    [InlineData("groq/openai/gpt-oss-20b", "groq/", 13, "models[0].model", "not a model's name", "own name")]
    [InlineData("groq/openai/gpt-oss-20b", "openai-compatible/x", 13, "models[0].base_url", "needs a base_url", "http://localhost")]
    [InlineData("- model: groq/openai/gpt-oss-20b", "- groq/x", 13, "models[0]", "is a mapping", "'- model: groq/x'")]
    [InlineData("  - model: groq/openai/gpt-oss-20b", "  - model: groq/x\n  - model: groq/x", 14, "models[1].model", "listed twice", "Delete one")]
    [InlineData("  - model: groq/openai/gpt-oss-20b", "  []", 12, "models", "empty list", "- model:")]
    [InlineData("output:", "    limit: {}\noutput:", 14, "models[0].limit", "no key 'limit' in 'models[0]'", "'limits'")]
    [InlineData("output:", "    limits: { requests_per_minut: 1 }\noutput:", 14, "models[0].limits.requests_per_minut", "no key", "'requests_per_minute'")]
    [InlineData("output:", "    limits: { tokens_per_day: 0 }\noutput:", 14, "models[0].limits.tokens_per_day", "0 is out of range", "from 1")]
    [InlineData("output:", "    limits: { burst: 9, requests_per_minute: 3 }\noutput:", 14, "models[0].limits.burst", "more than requests_per_minute", "Write less")]
    [InlineData("output:", "    price: { input: 1 }\noutput:", 14, "models[0].price.output", "missing", "USD per million")]
    [InlineData("output:", "    price: { input: -1, output: 1 }\noutput:", 14, "models[0].price.input", "-1 is out of range", "from 0")]
    [InlineData("output:", "    timeout: 0\noutput:", 14, "models[0].timeout", "0 is out of range", "from 1s to 1d")]
    [InlineData("output:", "    context: 4096\n    max_output: 4096\noutput:", 15, "models[0].max_output", "no room for the prompt", "Write less.")]
    [InlineData("output:", "    base_url: example.com/v1\noutput:", 14, "models[0].base_url", "not an http or https address", "https://")]
    [InlineData("output:", "    api_key_env: my-key\noutput:", 14, "models[0].api_key_env", "not the name of an environment variable", "never the key")]
    [InlineData("output:", "batch: { poll: 0s }\noutput:", 14, "batch.poll", "0s is out of range", "from 1s")]
    [InlineData("output:", "batch: { rollout: 100 }\noutput:", 14, "batch.rollout", "list of whole numbers", "[100, 500, 2000]")]
    [InlineData("output:", "batch: { rollout: [100, x] }\noutput:", 14, "batch.rollout[1]", "must be a whole number", "from 1")]
    [InlineData("output:", "batch: { gate: 101 }\noutput:", 14, "batch.gate", "101 is out of range", "100")]
    [InlineData("output:", "batch: { dedline: 36h }\noutput:", 14, "batch.dedline", "no key 'dedline'", "'deadline'")]
    [InlineData("  csv: out.csv", "  csv: ./songs.csv", 15, "output.csv", "the source itself", "another file")]
    [InlineData("  csv: out.csv", "  csv: job.yaml", 15, "output.csv", "the job file itself", "another file")]
    [InlineData("  csv: out.csv", "  csv: out.csv\n  prefix: 'a,b'", 16, "output.prefix", "'a,b' cannot begin", "such as ai_")]
    [InlineData("  csv: out.csv", "  csv: out.csv\n  spread: { tag: 3 }", 16, "output.spread.tag", "no property 'tag'", "'tags'")]
    [InlineData("  csv: out.csv", "  csv: out.csv\n  spread: { label: 3 }", 16, "output.spread.label", "not a list", "Delete it")]
    [InlineData("  csv: out.csv", "  csv: out.csv\n  spread: { tags: 0 }", 16, "output.spread.tags", "0 is out of range", "from 1")]
    [InlineData("  csv: out.csv", "  jsonl: out.jsonl\n  bom: true", 16, "output.bom", "csv outputs only", "Delete it")]
    [InlineData("  csv: out.csv", "  prefix: a_", 14, "output.csv", "names no file", "csv: FILE")]
    public void A_mistake_is_told_with_its_line_and_remedy(
        string piece, string by, int line, string key, string message, string? fix, string? alsoKey = null)
    {
        var result = _folder.LoadWith(piece, by);
        Assert.Null(result.Job);
        Assert.Equal(alsoKey is null ? [key] : [key, alsoKey], result.Problems.Select(p => p.Key));
        var problem = result.Problems[0];
        Assert.Equal(Path.Combine(_folder.Path, "job.yaml"), problem.File);
        Assert.Equal(line, problem.Line);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        if (fix is null) return;
        Assert.Contains(fix, problem.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  csv: songs.csv", "  excel: songs.xlsx", "source.excel", 3)]
    [InlineData("  csv: songs.csv", "  postgres: songs", "source.postgres", 3)]
    [InlineData("  csv: songs.csv", "  job: other", "source.job", 3)]
    [InlineData("output:", "context: { before: 5 }\noutput:", "context", 14)]
    [InlineData("output:", "pack: { contiguous: true }\noutput:", "pack.contiguous", 14)]
    public void What_a_later_version_will_know_is_refused_clearly(string piece, string by, string key, int line)
    {
        var problem = _folder.Single(_folder.LoadWith(piece, by));
        Assert.Contains("not in this version yet", problem.Message, StringComparison.Ordinal);
        Assert.Equal((key, (long)line), (problem.Key, problem.Line!.Value));
        Assert.NotNull(problem.Fix);
    }

    [Theory]
    [InlineData("https://user:hunter2@example.com/v1")]
    [InlineData("https://example.com/v1?key=hunter2")]
    [InlineData("https://example.com/v1#hunter2")]
    [InlineData("hunter2 example")]
    public void A_secret_in_an_address_is_refused_and_not_repeated(string address)
    {
        var problem = _folder.Single(_folder.LoadWith("output:", $"    base_url: '{address}'\noutput:"));
        Assert.Equal("models[0].base_url", problem.Key);
        Assert.DoesNotContain("hunter2", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_where_its_variable_belongs_is_refused_and_not_repeated()
    {
        var problem = _folder.Single(_folder.LoadWith("output:", "    api_key_env: gsk_abcdefghijklmnopqrstuvwxyz\noutput:"));
        Assert.Equal("models[0].api_key_env", problem.Key);
        Assert.DoesNotContain("gsk_", problem.ToString(), StringComparison.Ordinal);
        Assert.Equal("Did you mean 'api_key_env'?", _folder.Single(_folder.LoadWith("output:", "    api_key: x\noutput:")).Fix);
    }

    [Fact]
    public void A_property_whose_name_holds_a_dot_is_found_again()
    {
        var problem = _folder.Single(_folder.LoadWith("    label:", "    a: { type: string }\n    a.b: { refuse: 1 }\n    label:"));
        Assert.Equal(("answer.properties.a.b.refuse", 11L), (problem.Key, problem.Line!.Value));
    }

    [Fact]
    public void Ollama_is_named_without_its_v1()
    {
        var problem = _folder.Single(_folder.LoadWith("groq/openai/gpt-oss-20b", "ollama/x\n    base_url: http://box:11434/v1/"));
        Assert.Equal("Write http://box:11434.", problem.Fix);
    }

    [Fact]
    public void A_reply_that_fills_the_known_context_is_refused()
    {
        var problem = _folder.Single(_folder.LoadWith("groq/openai/gpt-oss-20b", "ollama/x\n    max_output: 16384"));
        Assert.Contains("'context'", problem.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_needs_every_price()
    {
        var yaml = JobFolder.Good.Replace("output:", "  - model: openai-compatible/x\n    base_url: http://localhost/v1\nbudget: { usd: 5 }\noutput:");
        var problem = _folder.Single(_folder.Load(yaml));
        Assert.Equal(("budget.usd", 16L), (problem.Key, problem.Line!.Value));
        Assert.Contains("openai-compatible/x", problem.Message, StringComparison.Ordinal);
        _folder.LoadGood(yaml.Replace("http://localhost/v1", "http://localhost/v1\n    price: { input: 0, output: 0 }"));
    }

    [Fact]
    public void Abstaining_and_a_property_of_that_name_exclude_each_other()
    {
        var yaml = JobFolder.Good.Replace("label: {", "abstain: {");
        _folder.LoadGood(yaml);
        var problem = _folder.Single(_folder.Load(yaml + "\nabstain: true"));
        Assert.Equal(("answer.properties.abstain", 10L), (problem.Key, problem.Line!.Value));
    }

    [Fact]
    public void Spread_columns_may_not_meet_other_answers()
    {
        var problem = _folder.Single(_folder.Load(
            JobFolder.Good.Replace("    label:", "    tags_2: { type: string }\n    label:") + "\n  spread: { tags: 2 }"));
        Assert.Equal("answer.properties.tags", problem.Key);
        Assert.Equal(12, problem.Line);
        Assert.Contains("ai_tags_2", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mistyped_file_beside_the_right_one_is_recognised()
    {
        _folder.Write("prompts/songs.md", "x");
        Assert.Equal("Did you mean 'prompts/songs.md'?", _folder.Single(_folder.LoadWith("prompt: Label the song.", "prompt: prompts/song.md")).Fix);
        _folder.Write("labels.txt", "x");
        var problem = _folder.Single(_folder.LoadWith("{ enum: [No, Yes] }", "{ enum_file: label.txt }"));
        Assert.Contains("Did you mean 'labels.txt'?", problem.Message, StringComparison.Ordinal);
        _folder.Write("empty.md", " \n");
        Assert.Contains("is empty", _folder.Single(_folder.LoadWith("prompt: Label the song.", "prompt: empty.md")).Message, StringComparison.Ordinal);
    }
}
