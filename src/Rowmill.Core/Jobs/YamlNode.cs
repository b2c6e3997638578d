namespace Rowmill.Core.Jobs;

/// <summary>One node of a YAML document, with the line it starts on.</summary>
/// <param name="line">1-based.</param>
internal abstract class YamlNode(int line)
{
    /// <summary>1-based line.</summary>
    public int Line { get; } = line;
}

/// <summary>A scalar.</summary>
/// <param name="line">1-based.</param>
/// <param name="value">Its text, quotes and escapes resolved.</param>
/// <param name="plain">True without quotes: only then can it be a number, a truth value or null.</param>
internal sealed class YamlText(int line, string value, bool plain) : YamlNode(line)
{
    /// <summary>Its text, quotes and escapes resolved.</summary>
    public string Value { get; } = value;

    /// <summary>True without quotes.</summary>
    public bool Plain { get; } = plain;
}

/// <summary>A sequence.</summary>
internal sealed class YamlList(int line, IReadOnlyList<YamlNode> items) : YamlNode(line)
{
    /// <summary>The items in order.</summary>
    public IReadOnlyList<YamlNode> Items { get; } = items;
}

/// <summary>A mapping; keys are distinct.</summary>
internal sealed class YamlMap(int line, IReadOnlyList<YamlEntry> entries) : YamlNode(line)
{
    /// <summary>The entries in order.</summary>
    public IReadOnlyList<YamlEntry> Entries { get; } = entries;

    /// <summary>The entry of a key, or null.</summary>
    public YamlEntry? Find(string key) => Entries.FirstOrDefault(e => e.Key == key);
}

/// <summary>A key with its value.</summary>
/// <param name="Key">The key's text.</param>
/// <param name="Line">1-based line of the key.</param>
/// <param name="Value">The value.</param>
internal sealed record YamlEntry(string Key, int Line, YamlNode Value);
