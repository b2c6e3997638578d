using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Support;

/// <summary>Answer schemas for tests.</summary>
internal static class Schemas
{
    /// <summary>Energy is one of three words; a note is optional.</summary>
    public static AnswerSchema Energy { get; } = Parse("""
        {"type":"object","required":["energy"],"properties":{
          "energy":{"enum":["Low","Medium","High"]},
          "note":{"type":"string","maxLength":40}}}
        """);

    /// <summary>Reads a schema that has no mistakes.</summary>
    public static AnswerSchema Parse(string json)
    {
        var problems = new List<string>();
        using var document = JsonDocument.Parse(json);
        return AnswerSchema.Parse(document.RootElement, _ => throw new IOException("no files here"), (path, message, _) => problems.Add($"{path}: {message}"))
            ?? throw new InvalidOperationException(string.Join('\n', problems));
    }
}
