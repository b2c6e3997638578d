using System.Runtime.CompilerServices;
using System.Text.Json;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Jobs;

/// <summary>A folder with a job file in it, gone at the end.</summary>
internal sealed class JobFolder : IDisposable
{
    /// <summary>A job without a mistake.</summary>
    public const string Good = """
        name: songs
        source:
          csv: songs.csv
          fields: [title, artist]
        prompt: Label the song.
        answer:
          type: object
          required: [label]
          properties:
            label: { enum: [No, Yes] }
            tags: { type: array, items: { type: string } }
        models:
          - model: groq/openai/gpt-oss-20b
        output:
          csv: out.csv
        """;

    public JobFolder() => Path = Directory.CreateTempSubdirectory("rowmill-job-").FullName;

    public string Path { get; }

    /// <summary>The schema as JSON that the answer became, once a job was loaded.</summary>
    public string? Schema { get; private set; }

    /// <summary>Stands for the schema parser: reads enum files and refuses the keyword <c>refuse</c>.</summary>
    public AnswerSchema? ParseSchema(JsonElement schema, Func<string, IReadOnlyList<string>> readLabels, Action<string, string, string?> report)
    {
        Schema = schema.GetRawText();
        var good = true;
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
        {
            var path = $"properties.{property.Name}";
            if (property.Value.TryGetProperty("refuse", out _)) Report($"{path}.refuse", "There is no keyword 'refuse'.", "Delete it.");
            if (!property.Value.TryGetProperty("enum_file", out var file)) continue;
            try
            {
                Labels = readLabels(file.GetString()!);
            }
            catch (IOException e)
            {
                Report($"{path}.enum_file", e.Message, null);
            }
        }

        return good ? (AnswerSchema)RuntimeHelpers.GetUninitializedObject(typeof(AnswerSchema)) : null;

        void Report(string path, string message, string? fix)
        {
            good = false;
            report(path, message, fix);
        }
    }

    /// <summary>The labels last read from an enum file.</summary>
    public IReadOnlyList<string>? Labels { get; private set; }

    public JobFileOptions Options => new() { ParseSchema = ParseSchema };

    public void Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public JobFileResult Load(string yaml)
    {
        Write("job.yaml", yaml);
        return JobFile.Load(System.IO.Path.Combine(Path, "job.yaml"), Options);
    }

    /// <summary>Loads the good job with one piece replaced.</summary>
    public JobFileResult LoadWith(string piece, string by)
    {
        Assert.Contains(piece, Good);
        return Load(Good.Replace(piece, by));
    }

    public Job LoadGood(string yaml)
    {
        var result = Load(yaml);
        Assert.Empty(result.Problems.Select(p => p.ToString()));
        return result.Job!;
    }

    public Problem Single(JobFileResult result)
    {
        Assert.Null(result.Job);
        var problem = Assert.Single(result.Problems);
        Assert.Equal(System.IO.Path.Combine(Path, "job.yaml"), problem.File);
        return problem;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
