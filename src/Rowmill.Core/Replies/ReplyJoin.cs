using System.Globalization;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Replies;

/// <summary>What a reply holds, gathered by id.</summary>
internal sealed class ReplyJoin(int count)
{
    private static readonly RowReading s_doubtful = new(RowReadingKind.Invalid, default, "the reply holds an entry with this row's id and another");

    private static readonly RowReading s_shifted = new(RowReadingKind.Invalid, default, "the reply's ids look shifted: it answers one that was not asked in place of one that was");

    private readonly RowReading[] _rows = new RowReading[count];
    private AnswerMends[]? _mends;
    private bool[]? _doubted;
    private ReplyCounts _counts;
    private long _lowest = long.MaxValue, _highest = long.MinValue;

    /// <summary>What is wrong with the reply as a whole; the first that is told.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether what is put now may be no entry: then it answers no row, but it can contradict what does.</summary>
    public bool IsDoubtful { get; set; }

    /// <summary>Notes what is wrong with the reply.</summary>
    public void Tell(string problem) => Problem ??= problem;

    /// <summary>An entry that is nobody's answer.</summary>
    public void WithoutId()
    {
        _counts = _counts with { WithoutId = _counts.WithoutId + 1 };
        Tell("the reply holds an entry without a usable id");
    }

    /// <summary>Whether the id is one of the pack's; notes it when it is not.</summary>
    public bool Knows(int id)
    {
        (_lowest, _highest) = (Math.Min(_lowest, id), Math.Max(_highest, id));
        if (id >= 1 && id <= count) return true;
        _counts = _counts with { Foreign = _counts.Foreign + 1 };
        Tell(id == ReplyIds.Foreign ? "the reply answers an id that was not asked"
            : string.Create(CultureInfo.InvariantCulture, $"the reply answers id {id}, which was not asked"));
        return false;
    }

    /// <summary>An entry that carries several ids. It answers none of them, and what else is said of them is refused.</summary>
    /// <param name="id">One id.</param>
    /// <param name="other">The other; null when it is none that a row can have.</param>
    public void Contradicts(int id, int? other)
    {
        _counts = _counts with { WithoutId = _counts.WithoutId + 1 };
        Tell("the reply holds an entry with two ids");
        Refuse(id);
        if (other is { } second) Refuse(second);
    }

    private void RefuseAll()
    {
        for (var i = 0; i < _rows.Length; i++)
            if (_rows[i].Kind != RowReadingKind.Missing) _rows[i] = s_shifted;
    }

    private void Refuse(int id)
    {
        if (id < 1 || id > count) return;
        (_doubted ??= new bool[count])[id - 1] = true;
        if (_rows[id - 1].Kind != RowReadingKind.Missing) _rows[id - 1] = s_doubtful;
    }

    /// <summary>What an entry says of the row with that id of the pack.</summary>
    public void Put(int id, RowReading reading, AnswerMends mends = default)
    {
        ref var row = ref _rows[id - 1];
        if (row.Kind == RowReadingKind.Missing)
        {
            if (IsDoubtful) return;
            row = _doubted?[id - 1] == true ? s_doubtful : reading;
            if (mends != default) (_mends ??= new AnswerMends[count])[id - 1] = mends;
            return;
        }

        _counts = _counts with { Duplicates = _counts.Duplicates + 1 };
        // The same said twice is harmless; a contradiction is nobody's answer.
        if (row.Kind == reading.Kind && (row.Json.Span.SequenceEqual(reading.Json.Span) || IsSame(row.Json, reading.Json))) return;
        row = new RowReading(RowReadingKind.Invalid, default, "the reply answers this row twice, differently");
        Tell(string.Create(CultureInfo.InvariantCulture, $"the reply answers id {id} twice, differently"));
    }

    /// <summary>
    /// Whether some ids were not asked, and all of them are the pack's numbers moved by as much: a model that counts from 0, or has lost a
    /// row at the beginning. Then the ids that were asked are as wrong as the others.
    /// </summary>
    private bool IsShifted => _counts.Foreign > 0 && _highest - _lowest < count;

    /// <summary>The reading of the whole reply.</summary>
    public ReplyReading Reading()
    {
        if (IsShifted) RefuseAll();
        var good = 0;
        var counts = _counts;
        for (var i = 0; i < _rows.Length; i++)
        {
            if (_rows[i].Kind is not (RowReadingKind.Answered or RowReadingKind.Abstained)) continue;
            good++;
            // Only of what is kept: what was put right in an answer that is then refused helped nobody.
            if (_mends is null) continue;
            var (labels, values, extras) = _mends[i];
            counts += new ReplyCounts(labels, values, extras, 0, 0, 0);
        }

        return new ReplyReading(_rows, good, Problem) { Counts = counts };
    }

    /// <summary>Stored forms are valid JSON of sound text; they can differ in the order of nested properties and the notation of numbers.</summary>
    private static bool IsSame(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        using var first = JsonDocument.Parse(one, ReplyReader.StoredOptions);
        using var second = JsonDocument.Parse(other, ReplyReader.StoredOptions);
        return JsonElement.DeepEquals(first.RootElement, second.RootElement);
    }
}
