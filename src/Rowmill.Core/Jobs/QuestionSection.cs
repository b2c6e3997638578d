using System.Text;
using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Jobs;

/// <summary>Reads <c>prompt</c>, <c>answer</c>, <c>abstain</c> and <c>options</c>.</summary>
internal sealed class QuestionSection(JobMap file, JobReader reader)
{
    private static readonly string[] s_promptEndings = [".md", ".txt", ".prompt"];

    /// <summary>The question, or null when a problem was reported.</summary>
    /// <param name="fields">The columns shown.</param>
    public Question? Read(IReadOnlyList<string> fields)
    {
        var prompt = ReadPrompt();
        var schema = ReadSchema();
        var abstain = file.Flag("abstain") ?? false;
        if (abstain && Properties(file)?.Find("abstain") is { } property)
            reader.Problems.Add(
                property.Line, "answer.properties.abstain", "With 'abstain: true' the reply uses the name 'abstain' itself.",
                "Rename the property, or set abstain: false.");
        var sampling = ReadSampling();
        return prompt is null || schema is null
            ? null
            : new Question { Prompt = prompt, Schema = schema, Abstain = abstain, Sampling = sampling, Fields = fields };
    }

    /// <summary>Reports answer columns that collide with each other and spread columns that do not exist or are no lists.</summary>
    public static void CheckColumns(JobMap file, OutputOptions? output, IReadOnlyList<Route> routes, JobReader reader)
    {
        if (output is null || Properties(file) is not { } properties) return;
        foreach (var problem in JobColumns.CheckAnswer(output, [.. properties.Entries.Select(e => e.Key)], routes))
        {
            var name = problem.Key![(problem.Key!.LastIndexOf('.') + 1)..];
            var spread = problem.Key.StartsWith("output.", StringComparison.Ordinal);
            var line = spread ? OutputLine(file, name) : properties.Find(name)?.Line ?? file.LineOf("answer");
            reader.Problems.Add(line, problem.Key, problem.Message, problem.Fix);
        }

        foreach (var name in output.Spread.Keys)
            if (properties.Find(name)?.Value is YamlMap property && !MayBeList(property))
                reader.Problems.Add(
                    OutputLine(file, name), $"output.spread.{name}", $"'{name}' is not a list, so it cannot be spread over columns.", "Delete it.");
    }

    private static int OutputLine(JobMap file, string spread) =>
        file.Peek("output") is { } output ? YamlJson.Locate(output, file.LineOf("output"), $"spread.{spread}") : file.LineOf("output");

    // Without a type it may be a $ref or anyOf; whether the answer is a list is then seen row by row.
    private static bool MayBeList(YamlMap property) => property.Find("type")?.Value switch
    {
        YamlText type => type.Value == "array",
        YamlList types => types.Items.Any(t => t is YamlText { Value: "array" }),
        _ => property.Find("enum") is null && property.Find("enum_file") is null,
    };

    private static YamlMap? Properties(JobMap file) =>
        (file.Peek("answer") as YamlMap)?.Find("properties")?.Value as YamlMap;

    private string? ReadPrompt()
    {
        var node = file.Require("prompt", "Name a file such as prompts/songs.md, or write the text itself.");
        if (file.AsText("prompt", node)?.Trim() is not { } text) return null;
        if (text.Contains('\n') || text.Length > 1000) return text.ReplaceLineEndings("\n");
        var path = text.Any(char.IsControl) ? null : reader.Resolve(text);
        var named = s_promptEndings.Any(e => text.EndsWith(e, StringComparison.OrdinalIgnoreCase));
        return path is not null && (named || File.Exists(path)) ? ReadPromptFile(text, path) : text;
    }

    private string? ReadPromptFile(string name, string path)
    {
        try
        {
            var prompt = TextFile.Read(path).Trim();
            if (prompt.Length > 0) return prompt;
            file.Report("prompt", $"The file '{name}' is empty.", "Write into it what to ask of every row.");
        }
        catch (DecoderFallbackException)
        {
            file.Report("prompt", $"The file '{name}' is not UTF-8.", "Save it as UTF-8.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            file.Report("prompt", $"There is no file '{name}'.", Meant(name, path) ?? "Create it, or write the text itself below 'prompt: |'.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Report("prompt", $"The file '{name}' cannot be read: {e.Message}");
        }

        return null;
    }

    private static string? Meant(string name, string path) =>
        TextFile.Nearest(path) is { } near ? $"Did you mean '{name[..^Path.GetFileName(name).Length]}{near}'?" : null;

    private AnswerSchema? ReadSchema()
    {
        const string example = "{ type: object, required: [label], properties: { label: { enum: [A, B] } } }";
        var node = file.Require("answer", $"Describe one row's answer as JSON Schema: answer: {example}.");
        if (node is null || file.AsMap("answer", node, example) is null) return null;
        using var json = YamlJson.Convert(node, "answer", reader.Problems);
        if (json is null) return null;
        return reader.Options.ParseSchema(json.RootElement.Clone(), ReadLabels, (path, message, fix) => reader.Problems.Add(
            YamlJson.Locate(node, file.LineOf("answer"), path), YamlReader.Join("answer", path).TrimEnd('.'), message, fix));
    }

    // One label a line; blank lines do not count.
    private List<string> ReadLabels(string name)
    {
        if (name.Length == 0 || name.Any(char.IsControl)) throw new IOException("This is not a path.");
        var path = reader.Resolve(name);
        try
        {
            return [.. TextFile.Read(path).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0)];
        }
        catch (DecoderFallbackException e)
        {
            throw new IOException($"The file '{name}' is not UTF-8.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"There is no file '{name}'.{(Meant(name, path) is { } meant ? " " + meant : "")}", name, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"The file '{name}' cannot be read: {e.Message}", e);
        }
    }

    private SamplingOptions ReadSampling()
    {
        if (file.Map("options", "{ temperature: 0 }") is not { } options) return new SamplingOptions();
        var sampling = new SamplingOptions
        {
            Temperature = (double?)options.Number("temperature", 0, 2),
            TopP = (double?)options.Number("top_p", 0, 1),
            Seed = options.Whole("seed", long.MinValue, long.MaxValue),
            ReasoningEffort = options.Text("reasoning_effort")?.Trim(),
            MaxOutputTokens = (int?)options.Whole("max_output_tokens", 1, 10_000_000),
        };
        options.Finish();
        return sampling;
    }
}
