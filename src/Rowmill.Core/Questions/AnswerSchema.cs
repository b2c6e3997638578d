using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>The JSON Schema of one row's answer: which keywords it may use is in the guide. Immutable and safe for concurrent use.</summary>
public sealed class AnswerSchema
{
    private AnswerSchema()
    {
    }

    /// <summary>Compact UTF-8 JSON of the schema, files resolved, key order as given.</summary>
    public ReadOnlyMemory<byte> Json => throw new NotSupportedException();

    /// <summary>The answer's top-level properties, in the schema's order.</summary>
    public IReadOnlyList<string> Properties => throw new NotSupportedException();

    /// <summary>A generous estimate of the UTF-8 bytes of one answer, from lengths, labels and counts.</summary>
    public int EstimatedBytes => throw new NotSupportedException();

    /// <summary>Reads a schema; reports every mistake at once.</summary>
    /// <param name="schema">The schema as JSON.</param>
    /// <param name="readLabels">Reads an <c>enum_file</c>: path as given, to its labels (one a line); throws <see cref="IOException"/>.</param>
    /// <param name="report">Receives each mistake: path of keys within the schema such as <c>properties.energy.enum</c>, message, fix or null.</param>
    /// <returns>The schema, or null when something was reported.</returns>
    public static AnswerSchema? Parse(
        JsonElement schema, Func<string, IReadOnlyList<string>> readLabels, Action<string, string, string?> report) =>
        throw new NotSupportedException();

    /// <summary>Checks one answer and brings it into its stored form: properties in schema order, unknown ones dropped.</summary>
    /// <param name="answer">The row's object from the reply; its <c>id</c> is ignored unless the schema names it.</param>
    public AnswerCheck Check(JsonElement answer) => throw new NotSupportedException();
}

/// <summary>What came of checking an answer.</summary>
/// <param name="Json">The stored form, compact UTF-8 JSON without line breaks; empty when it is not valid.</param>
/// <param name="Error">Why it is not valid, with the path and the offending value; null when it is.</param>
public readonly record struct AnswerCheck(ReadOnlyMemory<byte> Json, string? Error);
