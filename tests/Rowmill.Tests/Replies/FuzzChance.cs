using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rowmill.Tests.Replies;

/// <summary>Chance from a seed, and what is made by it: marks and texts.</summary>
/// <param name="random">Decides everything.</param>
/// <param name="marks">Where marks are entered.</param>
internal sealed class FuzzChance(Random random, FuzzMarks marks)
{
    private const string Letters = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The row marks are made for.</summary>
    public int Row { get; set; }

    /// <summary>From the first to before the second; the first when there is nothing between.</summary>
    public int Next(int from, int to) => to <= from ? from : random.Next(from, to);

    /// <summary>True once in so many times.</summary>
    public bool One(int times) => random.Next(times) == 0;

    public T Of<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    public void Shuffle<T>(List<T> list)
    {
        for (var i = list.Count - 1; i > 0; i--)
        {
            var j = random.Next(i + 1);
            (list[i], list[j]) = (list[j], list[i]);
        }
    }

    /// <summary>A new mark of the row.</summary>
    public string Mark(char kind)
    {
        var text = new StringBuilder().Append(kind).Append(Row).Append('-');
        for (var i = 0; i < 6; i++) text.Append(Letters[random.Next(Letters.Length)]);
        var mark = text.ToString();
        marks.Add(mark, kind, Row);
        return mark;
    }

    /// <summary>A text as a JSON string, with as many escapes as one or the other writer likes.</summary>
    public string Text(string text) => One(4) ? JsonSerializer.Serialize(text) : Quote(text);

    /// <summary>A text as a JSON string with few escapes.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text, s_relaxed);
}

/// <summary>
/// The marks in a reply. <c>r</c>: of the row's true answer. <c>x</c>: of another answer given for the same row. <c>f</c>: of another
/// pack's row with that id. <c>n</c>: in a text of an answer. <c>t</c>: a trap, which stands deeper within an
/// answer and looks like an entry. <c>d</c>: of a draft.
/// </summary>
internal sealed class FuzzMarks
{
    /// <summary>Other packs' rows and drafts own the bytes of their entries under numbers of their own.</summary>
    public const int OtherPack = 1000, Draft = 2000, Thinking = 3000;

    private readonly Dictionary<string, (char Kind, int Row)> _marks = new(StringComparer.Ordinal);

    public void Add(string mark, char kind, int row) => _marks[mark] = (kind, row);

    /// <summary>Forgets those of a reply, so that only its pack's remain.</summary>
    public void Keep(FuzzMarks pack)
    {
        _marks.Clear();
        foreach (var (mark, of) in pack._marks) _marks.Add(mark, of);
    }

    /// <summary>What the mark is; false when nobody made it.</summary>
    public bool TryFind(string mark, out char kind, out int row)
    {
        var found = _marks.TryGetValue(mark, out var of);
        (kind, row) = of;
        return found;
    }

    /// <summary>Whose entry a mark of that kind and row stands in.</summary>
    public static int Owner(char kind, int row) => kind switch { 'f' => OtherPack + row, 'd' => Thinking, _ => row };

    /// <summary>Whether the whole text has the form of a mark.</summary>
    public static bool IsOne(string text) => Length(text, 0) == text.Length;

    /// <summary>Every part of a text that has the form of a mark.</summary>
    public static IEnumerable<string> In(string text)
    {
        for (var dash = text.IndexOf('-', StringComparison.Ordinal); dash >= 0; dash = text.IndexOf('-', dash + 1))
        {
            var start = dash;
            while (start > 0 && char.IsAsciiDigit(text[start - 1])) start--;
            if (start == dash || start == 0) continue;
            var length = Length(text, start - 1);
            if (length > 0) yield return text.Substring(start - 1, length);
        }
    }

    private static int Length(string text, int start)
    {
        var at = start;
        if (at >= text.Length || text[at] is < 'a' or > 'z') return 0;
        at++;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at == start + 1 || at + 7 > text.Length || text[at] != '-') return 0;
        for (var i = at + 1; i < at + 7; i++)
            if (!char.IsAsciiDigit(text[i]) && text[i] is < 'a' or > 'z') return 0;
        return at + 7 - start;
    }
}
