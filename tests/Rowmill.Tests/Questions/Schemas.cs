using System.Text;
using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Tests.Questions;

/// <summary>Short ways to a schema and to what it says of an answer.</summary>
internal static class Schemas
{
    /// <summary>Parses a schema that must be free of mistakes.</summary>
    public static AnswerSchema Parse(string schema, params string[] labels)
    {
        var mistakes = new List<string>();
        var parsed = AnswerSchema.Parse(Element(schema), _ => labels, (path, message, fix) => mistakes.Add($"{path}: {message} {fix}"));
        Assert.Empty(mistakes);
        return Assert.IsType<AnswerSchema>(parsed);
    }

    /// <summary>A schema whose one required property <c>v</c> is the given one.</summary>
    public static AnswerSchema Of(string property, params string[] labels) =>
        Parse($$"""{"type":"object","required":["v"],"properties":{"v":{{property}} } }""", labels);

    /// <summary>What is reported of a schema: path, message, fix.</summary>
    public static List<(string Path, string Message, string? Fix)> Mistakes(
        string schema, Func<string, IReadOnlyList<string>>? readLabels = null)
    {
        var mistakes = new List<(string, string, string?)>();
        var parsed = AnswerSchema.Parse(Element(schema), readLabels ?? (_ => ["A"]), (path, message, fix) => mistakes.Add((path, message, fix)));
        Assert.Equal(mistakes.Count == 0, parsed is not null);
        return mistakes;
    }

    /// <summary>The one mistake in a schema whose property <c>v</c> is the given one.</summary>
    public static (string Path, string Message, string? Fix) Mistake(string property, Func<string, IReadOnlyList<string>>? readLabels = null) =>
        Assert.Single(Mistakes($$"""{"type":"object","properties":{"v":{{property}} } }""", readLabels));

    /// <summary>The stored form of a valid answer.</summary>
    public static string Stored(this AnswerSchema schema, string answer)
    {
        var check = schema.Check(Element(answer));
        Assert.Null(check.Error);
        return Encoding.UTF8.GetString(check.Json.Span);
    }

    /// <summary>Why an answer is not valid.</summary>
    public static string Error(this AnswerSchema schema, string answer)
    {
        var check = schema.Check(Element(answer));
        Assert.True(check.Json.IsEmpty);
        return Assert.IsType<string>(check.Error);
    }

    /// <summary>JSON text as an element.</summary>
    public static JsonElement Element(string json) => JsonDocument.Parse(json).RootElement;

    /// <summary>Compact JSON as text.</summary>
    public static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
