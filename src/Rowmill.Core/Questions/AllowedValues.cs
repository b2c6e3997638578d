using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>The values of an <c>enum</c> or the one of a <c>const</c>: labels by hash, the rare others by comparison.</summary>
internal sealed class AllowedValues
{
    /// <summary>Several labels have this form: it stands for none.</summary>
    private const int Ambiguous = -1;

    private readonly byte[][] _texts;
    private readonly Utf8Index _labels;
    private readonly JsonElement[] _others;
    private readonly Lazy<Dictionary<string, int>> _forms;

    /// <summary>Takes the values, which must differ from each other.</summary>
    public AllowedValues(IReadOnlyList<JsonElement> values)
    {
        _texts = [.. values.Where(v => v.ValueKind == JsonValueKind.String).Select(v => Encoding.UTF8.GetBytes(v.GetString()!))];
        _labels = new Utf8Index(_texts);
        _others = [.. values.Where(v => v.ValueKind != JsonValueKind.String).Select(v => v.Clone())];
        _forms = new(ReadForms);
        Shown = AnswerErrors.List(values);
        LongestBytes = values.Max(v => JsonMarshal.GetRawUtf8Value(v).Length);
        foreach (var value in values) Types |= JsonTypeNames.Of(value);
    }

    /// <summary>A short list for error messages.</summary>
    public string Shown { get; }

    /// <summary>UTF-8 bytes of the longest value as JSON.</summary>
    public int LongestBytes { get; }

    /// <summary>The types of the values; those of a number without a fraction are both.</summary>
    public JsonTypes Types { get; }

    /// <summary>The labels, for suggestions.</summary>
    public IReadOnlyCollection<string> Labels => [.. _texts.Select(Encoding.UTF8.GetString)];

    /// <summary>Whether the value is one of these; <paramref name="text"/> is its content when it is a string.</summary>
    public bool Contains(JsonElement value, ReadOnlySpan<byte> text)
    {
        if (value.ValueKind == JsonValueKind.String) return _labels.Find(text) >= 0;
        foreach (var other in _others)
        {
            if (JsonElement.DeepEquals(other, value)) return true;
        }

        return false;
    }

    /// <summary>Whether <c>null</c> is one of these.</summary>
    public bool ContainsNull => _others.Any(o => o.ValueKind == JsonValueKind.Null);

    /// <summary>The one label with the same form (see <see cref="LabelForm"/>), or the one that an alias of that form stands for; null when none or several.</summary>
    public string? Nearest(ReadOnlySpan<byte> text) => Find(LabelForm.Of(text)) is >= 0 and var found ? Encoding.UTF8.GetString(_texts[found]) : null;

    /// <summary>The position of a label that is one of these to the letter, or -1.</summary>
    public int Find(ReadOnlySpan<byte> label) => _labels.Find(label);

    /// <summary>Lets a text stand for a label. Only while the schema is read.</summary>
    /// <param name="form">The alias's form, not empty.</param>
    /// <param name="label">The label's position.</param>
    /// <returns>False when the form is that of another label or alias.</returns>
    public bool AddAlias(string form, int label)
    {
        if (_forms.Value.TryAdd(form, label)) return true;
        return _forms.Value[form] == label;
    }

    private int Find(string form) => _forms.Value.GetValueOrDefault(form, Ambiguous);

    private Dictionary<string, int> ReadForms()
    {
        var forms = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _texts.Length; i++)
        {
            var form = LabelForm.Of(_texts[i]);
            if (form.Length > 0 && !forms.TryAdd(form, i)) forms[form] = Ambiguous;
        }

        return forms;
    }
}
