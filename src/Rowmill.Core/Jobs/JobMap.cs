using System.Globalization;

namespace Rowmill.Core.Jobs;

/// <summary>
/// One mapping of a job file while it is read: every value that is asked for is checked, and what nobody asked for is an
/// unknown key. So the keys that exist and the keys that are known cannot drift apart.
/// </summary>
internal sealed class JobMap
{
    private readonly YamlMap _map;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly JobFileProblems _problems;

    /// <summary>Begins to read a mapping.</summary>
    public JobMap(YamlMap map, string path, int line, JobFileProblems problems)
    {
        _map = map;
        Path = path;
        Line = line;
        _problems = problems;
    }

    /// <summary>The mapping's own key path; empty for the file.</summary>
    public string Path { get; }

    /// <summary>The line of the mapping's key, 1 for the file.</summary>
    public int Line { get; }

    /// <summary>The path of one of its keys.</summary>
    public string PathOf(string key) => YamlReader.Join(Path, key);

    /// <summary>The line of a key, or the mapping's own when the key is not there.</summary>
    public int LineOf(string key) => _map.Find(key)?.Line ?? Line;

    /// <summary>Whether the key is there, be its value right or wrong.</summary>
    public bool Has(string key) => _map.Find(key) is not null;

    /// <summary>The value of a key as it stands, without any check; null when it is not there.</summary>
    public YamlNode? Peek(string key) => _map.Find(key)?.Value;

    /// <summary>Reports a problem with one of its keys.</summary>
    public void Report(string key, string message, string? fix = null) => _problems.Add(LineOf(key), PathOf(key), message, fix);

    /// <summary>The value of a key; null when it is not there or empty, and the latter is reported.</summary>
    public YamlNode? Take(string key)
    {
        _known.Add(key);
        if (_map.Find(key) is not { } entry) return null;
        if (!YamlScalar.IsNull(entry.Value)) return entry.Value;
        Report(key, $"'{key}' has no value.", entry.Value is YamlText { Value: "" } ? "Give it one, or delete the line." : "Quote it if it is a text.");
        return null;
    }

    /// <summary>Like <see cref="Take"/>, and a key that is not there is reported too.</summary>
    public YamlNode? Require(string key, string fix)
    {
        if (!Has(key)) _problems.Add(Line, PathOf(key), $"'{key}' is missing.", fix);
        return Take(key);
    }

    /// <summary>Whether the key is there with a value that this version does not know yet, which is then reported.</summary>
    public void NotYet(string key, string fix, Func<YamlNode, bool>? harmless = null)
    {
        _known.Add(key);
        if (_map.Find(key) is { } entry && !YamlScalar.IsNull(entry.Value) && harmless?.Invoke(entry.Value) != true)
            Report(key, $"'{key}' is not in this version yet.", fix);
    }

    /// <summary>A mapping, or null.</summary>
    public JobMap? Map(string key, string example) => AsMap(key, Take(key), example);

    /// <summary>A value already taken, as a mapping.</summary>
    public JobMap? AsMap(string key, YamlNode? node, string example)
    {
        if (node is YamlMap map) return new JobMap(map, PathOf(key), LineOf(key), _problems);
        if (node is not null) Wrong(key, node, "a mapping of keys", $"Write {key}: {example}.");
        return null;
    }

    /// <summary>A text; numbers and truth values without quotes are taken as they are written.</summary>
    public string? Text(string key) => AsText(key, Take(key));

    /// <summary>A value already taken, as a text.</summary>
    public string? AsText(string key, YamlNode? node)
    {
        if (node is null) return null;
        if (node is not YamlText text)
        {
            Wrong(key, node, "a text");
            return null;
        }

        if (!string.IsNullOrWhiteSpace(text.Value)) return text.Value;
        Report(key, $"'{key}' is blank.");
        return null;
    }

    /// <summary>The names in a list, without duplicates; empty when there is none.</summary>
    public IReadOnlyList<string> Names(string key)
    {
        var node = Take(key);
        if (node is null) return [];
        if (node is not YamlList list)
        {
            Wrong(key, node, "a list", node is YamlText one ? $"Write {key}: [{YamlQuoting.Quote(one.Value)}]." : null);
            return [];
        }

        var names = new List<string>();
        for (var i = 0; i < list.Items.Count; i++)
        {
            var path = $"{PathOf(key)}[{i}]";
            if (list.Items[i] is not YamlText text || YamlScalar.IsNull(text))
                _problems.Add(list.Items[i].Line, path, $"This is {Kind(list.Items[i])}; it must be a column name.", "Quote it.");
            else if (names.Contains(text.Value))
                _problems.Add(text.Line, path, $"'{text.Value}' is named twice.", "Delete one of them.");
            else names.Add(text.Value);
        }

        return names;
    }

    /// <summary>A whole number within bounds.</summary>
    public long? Whole(string key, long min, long max, string kind = "a whole number")
    {
        var number = Number(key, min, max, kind);
        if (number is null || decimal.IsInteger(number.Value)) return (long?)number;
        Report(key, $"{number.Value.ToString(CultureInfo.InvariantCulture)} is not a whole number.", $"Write one from {min} to {max}.");
        return null;
    }

    /// <summary>A whole number within bounds, or null for <c>auto</c>.</summary>
    public long? WholeOrAuto(string key, long min, long max)
    {
        if (Peek(key) is not YamlText { Value: "auto" }) return Whole(key, min, max, "auto or a whole number");
        _ = Take(key);
        return null;
    }

    /// <summary>A number within bounds.</summary>
    public decimal? Number(string key, decimal min, decimal max, string kind = "a number") => AsNumber(key, Take(key), min, max, kind);

    private decimal? AsNumber(string key, YamlNode? node, decimal min, decimal max, string kind)
    {
        if (node is null) return null;
        var range = string.Create(CultureInfo.InvariantCulture, $"Write {kind} from {min} to {max}.");
        if (node is not YamlText text || YamlScalar.Number(text) is not { } json)
        {
            var quoted = node is YamlText { Plain: false } q && YamlScalar.Number(new YamlText(q.Line, q.Value, plain: true)) is not null;
            Wrong(key, node, kind, quoted ? "Remove the quotes." : range);
            return null;
        }

        if (decimal.TryParse(json, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Report(key, $"{text.Value} is out of range.", range);
        return null;
    }

    /// <summary>Whole numbers in a list; empty when there is none, or when one of them is wrong.</summary>
    public IReadOnlyList<long> Wholes(string key, string example, long min, long max)
    {
        var node = Take(key);
        if (node is null) return [];
        if (node is not YamlList list)
        {
            Wrong(key, node, "a list of whole numbers", $"Write {key}: {example}.");
            return [];
        }

        var numbers = new List<long>();
        for (var i = 0; i < list.Items.Count; i++)
        {
            var text = (list.Items[i] as YamlText)?.Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) numbers.Add(number);
            else _problems.Add(
                list.Items[i].Line, string.Create(CultureInfo.InvariantCulture, $"{PathOf(key)}[{i}]"), $"This is {Kind(list.Items[i])}; it must be a whole number.",
                string.Create(CultureInfo.InvariantCulture, $"Write one from {min} to {max}, such as {key}: {example}."));
        }

        return numbers.Count == list.Items.Count ? numbers : [];
    }

    /// <summary>True or false.</summary>
    public bool? Flag(string key)
    {
        var node = Take(key);
        if (node is null) return null;
        if (node is YamlText text && YamlScalar.Flag(text) is { } flag) return flag;
        var hint = node is YamlText word && YamlScalar.LooksLikeFlag(word.Value)
            ? $"Write {(word.Value.ToLowerInvariant() is "yes" or "on" or "y" ? "true" : "false")}."
            : "Write true or false.";
        Wrong(key, node, "true or false", hint);
        return null;
    }

    /// <summary>A duration within bounds.</summary>
    public TimeSpan? Time(string key, TimeSpan min, TimeSpan max)
    {
        var node = Take(key);
        if (node is null) return null;
        if (node is not YamlText text || !Duration.TryParse(text.Value, out var duration))
            Wrong(key, node, "a duration", "Write one such as 30s, 2m, 1h30m or 2d; a plain number is seconds.");
        else if (duration < min || duration > max)
            Report(key, $"{text.Value} is out of range.", $"Write a duration from {Duration.Format(min)} to {Duration.Format(max)}.");
        else return duration;
        return null;
    }

    /// <summary>Names and values of a mapping whose keys are the user's own.</summary>
    public IReadOnlyDictionary<string, long> Numbers(string key, string example, long min, long max)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        if (Map(key, example) is not { } map) return found;
        foreach (var entry in map._map.Entries)
            if (map.Whole(entry.Key, min, max) is { } number) found.Add(entry.Key, number);
        return found;
    }

    /// <summary>Reports every key that nobody asked for.</summary>
    public void Finish(string? otherwise = null)
    {
        foreach (var entry in _map.Entries.Where(e => !_known.Contains(e.Key)))
        {
            var where = Path.Length == 0 ? "a job file" : $"'{Path}'";
            Report(entry.Key, $"There is no key '{entry.Key}' in {where}.", NearestName.Suggest(entry.Key, _known, otherwise));
        }
    }

    private void Wrong(string key, YamlNode node, string wanted, string? fix = null) =>
        Report(key, $"'{key}' is {Kind(node)}; it must be {wanted}.", fix);

    private static string Kind(YamlNode node) => node switch
    {
        YamlMap => "a mapping",
        YamlList => "a list",
        YamlText text when YamlScalar.IsNull(text) => "empty",
        YamlText text when YamlScalar.Flag(text) is not null || YamlScalar.Number(text) is not null => text.Value,
        YamlText { Value.Length: > 60 } => "a long text",
        YamlText text => $"the text '{text.Value.ReplaceLineEndings(" ")}'",
        _ => "something else",
    };
}
