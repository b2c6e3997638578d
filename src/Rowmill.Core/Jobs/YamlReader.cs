using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Rowmill.Core.Jobs;

/// <summary>
/// Composes YAML events to a tree that remembers lines. Unlike a representation model that stops at the first
/// mistake, it reports duplicate keys, odd keys, tags and further documents and goes on; only a syntax error ends it.
/// </summary>
internal sealed class YamlReader
{
    /// <summary>Nesting deeper than this is a mistake, or an attack.</summary>
    public const int MaxDepth = 50;

    private readonly IParser _parser;
    private readonly JobFileProblems _problems;
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);

    private YamlReader(string text, JobFileProblems problems)
    {
        _parser = new Parser(new StringReader(text));
        _problems = problems;
    }

    /// <summary>Reads the one document of a file; null when there is none or it is not YAML, and then a problem says so.</summary>
    public static YamlNode? Read(string text, JobFileProblems problems)
    {
        try
        {
            return new YamlReader(text, problems).ReadDocument();
        }
        catch (YamlException e)
        {
            YamlSyntax.Report(e, text, problems);
            return null;
        }
    }

    private YamlNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            _problems.Add(1, null, "The file is empty.", "'rowmill init TABLE.csv' writes a job file to begin with.");
            return null;
        }

        _parser.Consume<DocumentStart>();
        var root = ReadNode("", 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second))
            _problems.Add(Line(second), null, "A second document begins here; a job file holds one job.", "Put each job into a file of its own.");
        return root;
    }

    private YamlNode ReadNode(string path, int depth)
    {
        if (depth > MaxDepth)
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested deeper than {MaxDepth} levels");

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            // An anchor is known once its node is complete, so a node cannot hold itself.
            if (_anchors.TryGetValue(alias.Value.Value, out var target)) return target;
            _problems.Add(
                Line(alias), path, $"There is no anchor '&{alias.Value}' before this alias.",
                $"Quote the value if it is a text that begins with a star: '*{alias.Value}'.");
            return new YamlText(Line(alias), $"*{alias.Value}", plain: false);
        }

        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            CheckTag(scalar, path);
            var plain = scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty;
            return Remember(scalar, new YamlText(Line(scalar), scalar.Value, plain));
        }

        if (_parser.TryConsume<SequenceStart>(out var sequence))
        {
            CheckTag(sequence, path);
            var items = new List<YamlNode>();
            while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode($"{path}[{items.Count}]", depth + 1));
            return Remember(sequence, new YamlList(Line(sequence), items));
        }

        return ReadMap(path, depth);
    }

    private YamlMap ReadMap(string path, int depth)
    {
        var start = _parser.Consume<MappingStart>();
        CheckTag(start, path);
        var entries = new List<YamlEntry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = ReadNode(path, depth + 1);
            if (key is not YamlText text)
            {
                _problems.Add(key.Line, path, "A key must be a name, not a list or a mapping.", "Quote it if the name holds brackets or braces.");
                ReadNode(path, depth + 1);
                continue;
            }

            var below = Join(path, text.Value);
            var value = ReadNode(below, depth + 1);
            if (lines.TryAdd(text.Value, text.Line)) entries.Add(new YamlEntry(text.Value, text.Line, value));
            else _problems.Add(text.Line, below, $"'{text.Value}' is given twice; the first is on line {lines[text.Value]}.", "Delete one of them.");
        }

        return Remember(start, new YamlMap(Line(start), entries));
    }

    private T Remember<T>(NodeEvent e, T node)
        where T : YamlNode
    {
        if (!e.Anchor.IsEmpty) _anchors[e.Anchor.Value] = node;
        return node;
    }

    private void CheckTag(NodeEvent e, string path)
    {
        if (e.Tag.IsEmpty || e.Tag.IsNonSpecific || e.Tag.Value == "tag:yaml.org,2002:str") return;
        _problems.Add(Line(e), path, $"The tag '{e.Tag}' means nothing in a job file.", "Delete it; quotes make a text, none make a number.");
    }

    private static int Line(ParsingEvent e) => (int)e.Start.Line;

    /// <summary>The path of a key below another.</summary>
    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
