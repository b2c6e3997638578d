namespace Rowmill.Simulator.Schemas;

/// <summary>What is wrong with a strict schema.</summary>
internal enum SchemaFlawKind
{
    /// <summary>The root is not an object.</summary>
    NotAnObject,

    /// <summary><c>additionalProperties</c> is not false.</summary>
    Open,

    /// <summary>A property is not in <c>required</c>.</summary>
    NotRequired,

    /// <summary><c>required</c> names what is not a property.</summary>
    ExtraRequired,

    /// <summary>A keyword is not permitted.</summary>
    Keyword,

    /// <summary>Neither <c>type</c> nor anything that stands for it.</summary>
    NoType,

    /// <summary>Anything else; the subject is the sentence.</summary>
    Other,
}

/// <summary>One flaw and its place.</summary>
/// <param name="Path">Keys from the root, such as <c>properties, rows, items</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Subject">The property or keyword it is about.</param>
internal sealed record SchemaFlaw(IReadOnlyList<string> Path, SchemaFlawKind Kind, string Subject)
{
    /// <summary>The path as Python prints a tuple, which is what OpenAI's messages hold.</summary>
    public string Tuple => Path.Count == 1 ? $"('{Path[0]}',)" : $"({string.Join(", ", Path.Select(p => $"'{p}'"))})";

    /// <summary>The path as a JSON pointer.</summary>
    public string Pointer => string.Concat(Path.Select(p => $"/{p}"));
}
