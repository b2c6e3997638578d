using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Replies;

namespace Rowmill.Tests.Replies;

/// <summary>What is wrong with a reading.</summary>
/// <param name="Kind">In one or two words.</param>
/// <param name="Row">Whose row; 0 for the reply.</param>
/// <param name="What">In a sentence.</param>
internal sealed record FuzzFault(string Kind, int Row, string What);

/// <summary>
/// Judges a reading of a mutated reply. It knows what was done to the reply, not how the reader reads: another row's mark is excused only
/// where a mutator said that it moved it, or tore the entry it stood in, <em>and</em> a whole object with this row's id and that mark stands in the text.
/// </summary>
internal static class FuzzOracle
{
    /// <summary>An answer landed on another row, or on a row that nobody answered.</summary>
    public const string Misplaced = "misplaced";

    /// <summary>One of two answers that contradict each other was taken.</summary>
    public const string Contradiction = "contradiction taken";

    /// <summary>A whole answer of a reply that can be read was not kept.</summary>
    public const string Lost = "lost";

    public const string Invalid = "invalid answer stored";

    public const string Counts = "counts";

    /// <summary>The first fault of a reading; null when it has none.</summary>
    public static FuzzFault? Judge(FuzzCase c, ReplyReading reading)
    {
        var world = c.World;
        if (reading.Rows.Count != world.Rows) return new FuzzFault(Counts, 0, $"{reading.Rows.Count} rows");
        var good = reading.Rows.Count(IsGood);
        if (good != reading.Good) return new FuzzFault(Counts, 0, $"says {reading.Good} good rows, holds {good}");
        var counts = reading.Counts;
        if (new[] { counts.Labels, counts.Values, counts.Extras, counts.Duplicates, counts.Foreign, counts.WithoutId }.Min() < 0)
            return new FuzzFault(Counts, 0, $"{counts}");
        var expected = new Expected(c);
        for (var row = 1; row <= world.Rows; row++)
        {
            var read = reading.Rows[row - 1];
            var fault = IsGood(read) ? Good(c, row, read, expected) : Refused(row, read, expected);
            if (fault is not null) return fault;
        }

        return null;
    }

    private static FuzzFault? Good(FuzzCase c, int row, RowReading read, Expected expected)
    {
        var text = Encoding.UTF8.GetString(read.Json.Span);
        using var stored = JsonDocument.Parse(read.Json);
        if (read.Kind == RowReadingKind.Abstained)
        {
            if (!c.World.Abstain || stored.RootElement.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(stored.RootElement.GetString()))
                return new FuzzFault(Invalid, row, text);
        }
        else
        {
            var again = c.World.Schema.Check(stored.RootElement);
            if (again.Error is not null || !again.Json.Span.SequenceEqual(read.Json.Span))
                return new FuzzFault(Invalid, row, $"{text} checked again: {again.Error}");
            if (!c.World.Answer.Admits(stored.RootElement)) return new FuzzFault(Invalid, row, $"{text} under {c.World.Answer.Schema}");
        }

        if (Placed(c, row, read.Kind, stored.RootElement, text) is { } misplaced) return misplaced;
        return expected.Of(row) switch
        {
            Verdict.Nobody => new FuzzFault(Misplaced, row, $"nothing carries this id, and it is answered {text}"),
            Verdict.Refuse => new FuzzFault(Contradiction, row, $"what is given for it is no one answer, and it is answered {text}"),
            Verdict.Keep when !expected.Stored(row).Span.SequenceEqual(read.Json.Span) =>
                new FuzzFault(Invalid, row, $"{text} is stored, not {Encoding.UTF8.GetString(expected.Stored(row).Span)}"),
            _ => null,
        };
    }

    private static FuzzFault? Refused(int row, RowReading read, Expected expected)
    {
        if (!read.Json.IsEmpty) return new FuzzFault(Invalid, row, "a refused row has an answer");
        return expected.Of(row) == Verdict.Keep ? new FuzzFault(Lost, row, $"{read.Kind}: {read.Error}") : null;
    }

    /// <summary>Whether the marks in an accepted answer are its row's.</summary>
    private static FuzzFault? Placed(FuzzCase c, int row, RowReadingKind kind, JsonElement stored, string text)
    {
        var all = FuzzMarks.In(stored.ValueKind == JsonValueKind.String ? stored.GetString()! : FuzzLiteral.Texts(stored)).ToList();
        var main = kind == RowReadingKind.Answered ? stored.GetProperty("mark").GetString()! : all.Count > 0 ? all[0] : "";
        List<string> strange = [];
        if (!IsTrue(c, main, row)) strange.Add(main);
        strange.AddRange(all.Where(mark => mark != main && !(c.Marks.TryFind(mark, out var k, out var r) && k != 'd' && FuzzMarks.Owner(k, r) == row)));
        var isClear = (c.Whole || c.Cut is not null) && c.IsPlain
            && !c.Entries.Any(e => e.Grade != FuzzGrade.Good && (e.Says == row || e.SecondId == FuzzIdMutators.Number(row)));
        if (strange.Count == 0)
        {
            var rival = isClear ? c.Told.FirstOrDefault(t => t.Row == row && t.Mark != main && IsMain(c, t.Mark)) : default;
            return rival.Mark is null || !FuzzLiteral.Says(c, row, kind: null, [rival.Mark])
                ? null
                : new FuzzFault(Contradiction, row, $"is answered {text} while {rival.Mark} stands there as well");
        }

        foreach (var mark in strange)
        {
            var known = c.Marks.TryFind(mark, out var of, out var owner);
            var excused = c.Told.Contains((row, mark)) || (of == 'd' && c.HidesThinking)
                || (known ? c.Torn.Contains(FuzzMarks.Owner(of, owner)) : c.Torn.Count > 0)
                // A torn entry may have lost its end, and then others stand within it.
                || (mark != main && c.Torn.Contains(row));
            if (!excused) return new FuzzFault(Misplaced, row, $"is answered {text}, where {mark} is not its own");
        }

        if (!FuzzLiteral.Says(c, row, kind, strange)) return new FuzzFault(Misplaced, row, $"is answered {text}, which stands nowhere under its id");
        return isClear && FuzzLiteral.Says(c, row, kind: null, [Own(c, row)])
            ? new FuzzFault(Contradiction, row, $"is answered {text} while its own answer stands there as well")
            : null;
    }

    private static bool IsTrue(FuzzCase c, string mark, int row) => c.Marks.TryFind(mark, out var kind, out var of) && kind == 'r' && of == row;

    private static bool IsMain(FuzzCase c, string mark) => c.Marks.TryFind(mark, out var kind, out _) && kind is 'r' or 'x' or 'f';

    private static string Own(FuzzCase c, int row) => c.World.Truth[row - 1].OwnMark;

    private static bool IsGood(RowReading row) => row.Kind is RowReadingKind.Answered or RowReadingKind.Abstained;

    private enum Verdict
    {
        /// <summary>Either is right.</summary>
        Open,

        /// <summary>It must be accepted.</summary>
        Keep,

        /// <summary>It must be refused.</summary>
        Refuse,

        /// <summary>Nothing carries its id.</summary>
        Nobody,
    }

    /// <summary>What the entries of a reply that stands whole, or whole up to a cut, come to.</summary>
    private sealed class Expected
    {
        private readonly Verdict[] _verdicts;
        private readonly ReadOnlyMemory<byte>[] _stored;

        public Expected(FuzzCase c)
        {
            _verdicts = new Verdict[c.World.Rows];
            _stored = new ReadOnlyMemory<byte>[c.World.Rows];
            if ((!c.Whole && c.Cut is null) || c.HidesThinking) return;
            var isPlain = c.IsPlain;
            var unsure = c.Unsure.ToHashSet();
            var byRow = c.Entries.SelectMany(Named).ToLookup(n => n.Row, n => n.Entry);
            // With an id that was not asked, and the first or last that was missing, all of them may be shifted.
            var mayBeShifted = c.Entries.Any(e => MayBeForeign(e, c.World.Rows)) && !(byRow[1].Any(IsSure) && byRow[c.World.Rows].Any(IsSure));
            for (var row = 1; row <= c.World.Rows; row++)
            {
                var entries = byRow[row].ToList();
                _verdicts[row - 1] = entries.Count == 0 ? Verdict.Nobody
                    : !isPlain || mayBeShifted || entries.Exists(e => e.Grade == FuzzGrade.Doubtful) ? Verdict.Open
                    : entries.TrueForAll(e => e.Grade == FuzzGrade.Bad) ? c.Whole ? Verdict.Refuse : Verdict.Open
                    : entries.Exists(e => e.Grade == FuzzGrade.Bad) ? Verdict.Open
                    : entries.Exists(e => !e.Stored.Span.SequenceEqual(entries[0].Stored.Span)) ? c.Whole ? Verdict.Refuse : Verdict.Open
                    : entries.TrueForAll(Stands) ? Verdict.Keep
                    : Verdict.Open;
                if (entries.Count > 0) _stored[row - 1] = entries[0].Stored;
            }

            // Whether it must be found: what lies behind a cut is not said.
            bool Stands(FuzzEntry entry) => c.Cut is not { } cut || (c.Ends[entry.Owner] <= cut && !unsure.Contains(entry));

            bool IsSure(FuzzEntry entry) => entry.Grade == FuzzGrade.Good && entry.Instead is null && Stands(entry);
        }

        /// <summary>Whether the entry may carry an id that was not asked; what stands instead of one can have an id of its own.</summary>
        private static bool MayBeForeign(FuzzEntry entry, int rows) =>
            entry.Says is { } row ? row > rows : entry.Instead is null ? entry.Id is not null : entry.Instead.StartsWith("{\"id\"", StringComparison.Ordinal);

        /// <summary>The rows an entry names: with two ids in it, both are in doubt.</summary>
        private static IEnumerable<(int Row, FuzzEntry Entry)> Named(FuzzEntry entry)
        {
            var rows = new HashSet<int>();
            if (entry.Says is { } row) rows.Add(row);
            if (entry.SecondId is not null)
            {
                foreach (var id in new[] { entry.Id, entry.SecondId })
                    if (int.TryParse(id?.Trim('"'), CultureInfo.InvariantCulture, out var named)) rows.Add(named);
            }

            return rows.Select(named => (named, entry));
        }

        public Verdict Of(int row) => _verdicts[row - 1];

        public ReadOnlyMemory<byte> Stored(int row) => _stored[row - 1];
    }
}
