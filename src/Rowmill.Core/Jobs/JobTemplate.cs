using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Jobs;

/// <summary>Writes the job file to begin with: complete, valid as it is, and commented where a person decides.</summary>
public static class JobTemplate
{
    private const string Simulated = "simulator/demo";

    /// <summary>The text of a job file for a table.</summary>
    /// <param name="fileName">The table's file, as the job file is to name it: relative to the job file's folder.</param>
    /// <param name="table">What was seen of it.</param>
    /// <param name="isSet">Whether an environment variable is set: the models whose key is there are chosen.</param>
    /// <param name="local">A model of a server that runs here, which is chosen when no key is set; null for none.</param>
    public static string Write(string fileName, SourceGuess table, Func<string, bool> isSet, Route? local = null)
    {
        var name = JobName(fileName);
        var yaml = new StringBuilder();
        yaml.Append($"""
            # Asks a model the same question about every row of {OneLine(fileName, 200)}. Edit the prompt, the answer and the models, then:
            #   rowmill check FILE.yaml             everything that can be wrong, and the first request
            #   rowmill try FILE.yaml --sample 10   a few rows, side by side
            #   rowmill run FILE.yaml               all rows; run it again to resume
            #   rowmill status FILE.yaml            where it stands
            name: {YamlQuoting.Quote(name)}

            source:
              {(table.Kind == SourceKind.Csv ? "csv" : "jsonl")}: {YamlQuoting.Quote(fileName)}

            """);
        if (table.Kind == SourceKind.Csv)
        {
            yaml.Append($"  delimiter: {Delimiter(table.Delimiter)}\n");
            yaml.Append($"  encoding: {YamlQuoting.Quote(table.Encoding)}\n");
        }

        WriteFields(yaml, table.Columns);
        WriteQuestion(yaml);
        yaml.Append('\n');
        yaml.Append(Models(isSet, local));
        WriteOutput(yaml, fileName, table);
        return yaml.ToString();
    }

    private static void WriteFields(StringBuilder yaml, IReadOnlyList<SourceColumn> columns)
    {
        var useful = columns.Where(c => !TemplateColumns.IsUseless(c)).ToHashSet();
        if (useful.Count == 0) useful.UnionWith(columns);
        var example = YamlQuoting.Quote(columns.FirstOrDefault(useful.Contains)?.Name ?? "title");
        if (columns.Count > 0) yaml.Append("  fields:                      # what the model sees of a row\n");
        foreach (var column in columns)
        {
            var samples = string.Join(" · ", column.Samples.Where(s => !string.IsNullOrWhiteSpace(s)).Distinct(StringComparer.Ordinal).Take(3).Select(s => OneLine(s, 30)));
            var line = $"    {(useful.Contains(column) ? "" : "# ")}- {YamlQuoting.Quote(column.Name)}";
            yaml.Append(samples.Length == 0 ? line : $"{line,-32} # {samples}").Append('\n');
        }

        yaml.Append($"  # key: [{example}]           # what people call a row by\n");
        yaml.Append($"  # require: [{example}]       # rows where one of these is blank are not sent\n\n");
    }

    private static void WriteQuestion(StringBuilder yaml) => yaml.Append("""
        prompt: |                      # or the name of a file: prompts/question.md
          Judge how good each row is, by everything it shows.
          Use "Unclear" when the row does not say enough.
          Give the reason in one sentence.

        answer:                        # JSON Schema of one row's answer
          type: object
          required: [label, reasoning]
          properties:
            label: { enum: [Good, Fair, Poor, Unclear] }
            reasoning: { type: string, maxLength: 300 }
            # tags: { type: array, minItems: 1, maxItems: 3, items: { enum_file: tags.txt } }

        # abstain: true                # the model may say why it cannot answer a row
        # pack: { rows: 20 }           # the most rows in one request; without it they are packed by size
        # options: { temperature: 0 }  # also seed, top_p, reasoning_effort, max_output_tokens
        # patience: 2m                 # wait this long for a limit; longer: the next model, or stop and say when
        # budget: { usd: 5 }           # over all runs of this job

        """);

    private static string Models(Func<string, bool> isSet, Route? local)
    {
        var (groq, openAi, gemini, anthropic) = (Set("groq", isSet), Set("openai", isSet), Set("gemini", isSet), Set("anthropic", isSet));
        var hasKey = new[] { groq, openAi, gemini, anthropic }.Contains("");
        var server = !hasKey && local is not null;
        var ollama = server ? "" : "# ";
        var address = server && local!.BaseUrl != KnownProviders.Find(local.Provider)?.BaseUrl ? $"    base_url: {YamlQuoting.Quote(local.BaseUrl)}\n" : "";
        return $$"""
            models:                        # tried in this order
              {{groq}}- model: groq/openai/gpt-oss-20b         # key in GROQ_API_KEY
              {{groq}}  limits: groq-free                      # a free key's; delete it for a paid one, its limits are then learned
              {{openAi}}- model: openai/gpt-4o-mini              # key in OPENAI_API_KEY
              {{gemini}}- model: gemini/gemini-2.5-flash         # key in GEMINI_API_KEY
              {{anthropic}}- model: anthropic/claude-haiku-4-5      # key in ANTHROPIC_API_KEY
              {{ollama}}- model: {{(server ? YamlQuoting.Quote(local!.Name) : "ollama/llama3.1:8b"),-31}} # a local server, no key
            {{address}}  #   context: 8192                          # at most; known models have theirs
              # - model: openai-compatible/MODEL         # any server with this interface
              #   base_url: http://localhost:8000/v1
              #   price: { input: 0.15, output: 0.60 }   # USD per million tokens
              {{(hasKey || server ? "# " : "")}}- model: {{Simulated}}                     # made-up answers from 'rowmill simulate': {{(hasKey || server ? "to try things out" : "no key variable is set")}}


            """;
    }

    private static string Set(string provider, Func<string, bool> isSet) => isSet(KnownProviders.Find(provider)!.ApiKeyEnv!) ? "" : "# ";

    private static void WriteOutput(StringBuilder yaml, string fileName, SourceGuess table)
    {
        var prefix = JobColumns.FreePrefix([.. table.Columns.Select(c => c.Name)]);
        var kind = table.Kind == SourceKind.Csv ? "csv" : "jsonl";
        yaml.Append($"output:                        # the source's columns untouched, then {prefix}status, {prefix}error and the answer\n");
        yaml.Append($"  {kind}: {YamlQuoting.Quote($"{JobName(fileName)}-labelled.{kind}")}\n");
        yaml.Append($"  prefix: {prefix}\n");
        yaml.Append("  # receipt: true              # adds each row's model, call, tokens, money and time\n");
        if (table.Kind == SourceKind.Csv) yaml.Append("  # bom: true                  # for Excel\n");
    }

    private static string JobName(string fileName)
    {
        var name = OneLine(Path.GetFileNameWithoutExtension(fileName), 80).Trim();
        return name.Length == 0 ? "job" : name;
    }

    private static string Delimiter(char delimiter) => delimiter switch
    {
        '\t' => "\"\\t\"",
        '\\' => "'\\'",
        _ => $"\"{delimiter}\"",
    };

    // A comment ends at a line break of any kind, and must not carry what a terminal would obey.
    private static string OneLine(string text, int length)
    {
        var line = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= length) return line.Append('…').ToString();
            if (Rune.IsLetterOrDigit(rune) || Rune.IsPunctuation(rune) || Rune.IsSymbol(rune)) line.Append(rune);
            else if (line.Length > 0 && line[^1] != ' ') line.Append(' ');
        }

        return line.ToString().TrimEnd();
    }
}
