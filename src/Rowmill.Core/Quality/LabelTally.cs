using System.Runtime.InteropServices;

namespace Rowmill.Core.Quality;

/// <summary>How one label fared, among the rows that were answered.</summary>
/// <param name="Label">The label.</param>
/// <param name="Support">Rows whose gold has it.</param>
/// <param name="Predicted">Rows whose answer has it.</param>
/// <param name="Correct">Rows where both have it.</param>
public sealed record LabelScore(string Label, long Support, long Predicted, long Correct)
{
    /// <summary>Of the answers with it, the part that is right; null when there are none.</summary>
    public double? Precision => Predicted == 0 ? null : (double)Correct / Predicted;

    /// <summary>Of the rows that should have it, the part that was found; null when there are none.</summary>
    public double? Recall => Support == 0 ? null : (double)Correct / Support;

    /// <summary>The harmonic mean of both, 2 · correct / (support + predicted); null when the label occurs nowhere.</summary>
    public double? F1 => Support + Predicted == 0 ? null : 2d * Correct / (Support + Predicted);
}

/// <summary>One cell of the confusion matrix that is not zero.</summary>
/// <param name="Gold">The gold label; null for a value that is none of the labels.</param>
/// <param name="Answer">The answer's label; null for none of them, or for no value.</param>
/// <param name="Rows">How many rows.</param>
public sealed record ConfusionCell(string? Gold, string? Answer, long Rows);

/// <summary>Counts labels: those of the schema, or, where it lists none, the first that occur. Its memory does not grow with the table.</summary>
/// <param name="labels">The schema's labels in order; empty to take them as they come.</param>
internal sealed class LabelTally(IReadOnlyList<string> labels)
{
    /// <summary>Distinct values told apart where the schema lists no labels; all others are counted together.</summary>
    public const int MostValues = 100;

    /// <summary>Stands for every value that is not told apart.</summary>
    private const int Other = -1;

    private readonly List<string> _labels = [.. labels];
    private readonly Dictionary<string, int> _index = labels.Index().ToDictionary(l => l.Item, l => l.Index, StringComparer.Ordinal);
    private readonly Dictionary<(int Gold, int Answer), long> _cells = [];
    private readonly Dictionary<int, long> _support = [];
    private readonly Dictionary<int, long> _predicted = [];
    private readonly Dictionary<int, long> _correct = [];
    private readonly bool _open = labels.Count == 0;
    private long _rows;
    private long _agreed;

    /// <summary>True when there were more distinct values than are told apart.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Every label, those of the schema first and in its order.</summary>
    public IEnumerable<LabelScore> Scores => _labels.Index().Select(l =>
        new LabelScore(l.Item, _support.GetValueOrDefault(l.Index), _predicted.GetValueOrDefault(l.Index), _correct.GetValueOrDefault(l.Index)));

    /// <summary>The cells of the matrix that are not zero, in the order of the labels.</summary>
    public IEnumerable<ConfusionCell> Cells => _cells
        .OrderBy(c => Order(c.Key.Gold)).ThenBy(c => Order(c.Key.Answer))
        .Select(c => new ConfusionCell(Name(c.Key.Gold), Name(c.Key.Answer), c.Value));

    /// <summary>
    /// Agreement beyond what the shares of the labels alone would bring: J. Cohen, "A coefficient of agreement for nominal scales",
    /// Educational and Psychological Measurement 20 (1960) 37–46. Null without rows, when chance alone would agree everywhere, and when not
    /// all values are told apart.
    /// </summary>
    public double? Kappa
    {
        get
        {
            if (_rows == 0 || IsCut) return null;
            var chance = _support.Where(s => s.Key != Other).Sum(s => (double)s.Value / _rows * _predicted.GetValueOrDefault(s.Key) / _rows);
            return chance >= 1 ? null : ((double)_agreed / _rows - chance) / (1 - chance);
        }
    }

    /// <summary>Counts a row with one label on each side; null for an answer without a value.</summary>
    public void Add(string gold, string? answer)
    {
        var (expected, given) = (Find(gold), answer is null ? Other : Find(answer));
        _rows++;
        if (gold == answer) _agreed++;
        CollectionsMarshal.GetValueRefOrAddDefault(_cells, (expected, given), out _)++;
        CollectionsMarshal.GetValueRefOrAddDefault(_support, expected, out _)++;
        CollectionsMarshal.GetValueRefOrAddDefault(_predicted, given, out _)++;
        if (expected == given && expected != Other) CollectionsMarshal.GetValueRefOrAddDefault(_correct, expected, out _)++;
    }

    /// <summary>Counts a row with a set of labels on each side: each label for itself, no matrix.</summary>
    public void Add(IReadOnlyList<string> gold, IReadOnlyList<string> answer)
    {
        foreach (var label in gold) CollectionsMarshal.GetValueRefOrAddDefault(_support, Find(label), out _)++;
        foreach (var label in answer)
        {
            var given = Find(label);
            CollectionsMarshal.GetValueRefOrAddDefault(_predicted, given, out _)++;
            if (given != Other && gold.Contains(label, StringComparer.Ordinal)) CollectionsMarshal.GetValueRefOrAddDefault(_correct, given, out _)++;
        }
    }

    private int Find(string label)
    {
        if (_index.TryGetValue(label, out var known)) return known;
        if (_open && _labels.Count < MostValues)
        {
            _labels.Add(label);
            return _index[label] = _labels.Count - 1;
        }

        IsCut |= _open;
        return Other;
    }

    private string? Name(int label) => label == Other ? null : _labels[label];

    private static int Order(int label) => label == Other ? int.MaxValue : label;
}
