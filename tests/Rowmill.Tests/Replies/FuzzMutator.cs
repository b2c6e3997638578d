using System.Globalization;

namespace Rowmill.Tests.Replies;

/// <summary>What is done to a reply.</summary>
/// <param name="Name">For counts and for people.</param>
/// <param name="Stage">Entries are changed before they are written, bytes afterwards.</param>
/// <param name="Apply">Does it; false when there is nothing to do it to.</param>
internal sealed record FuzzMutator(string Name, FuzzStage Stage, Func<FuzzCase, bool> Apply)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FuzzMutator> All { get; } =
        [.. FuzzEntryMutators.All, .. FuzzValueMutators.All, .. FuzzIdMutators.All, .. FuzzWrapMutators.All, .. FuzzByteMutators.All];
}

/// <summary>When a mutator has its turn.</summary>
internal enum FuzzStage
{
    /// <summary>On the entries.</summary>
    Entries,

    /// <summary>On the bytes of whole documents, around them.</summary>
    Around,

    /// <summary>On any bytes.</summary>
    Bytes,
}

/// <summary>Entries that go, come, move and are answered twice.</summary>
internal static class FuzzEntryMutators
{
    public static IReadOnlyList<FuzzMutator> All { get; } =
    [
        new("drop entries", FuzzStage.Entries, c => Any(c, c.Main.Entries.RemoveAll(_ => c.Chance.One(3)) > 0)),
        new("shuffle entries", FuzzStage.Entries, c =>
        {
            c.Chance.Shuffle(c.Main.Entries);
            return true;
        }),
        new("repeat an entry", FuzzStage.Entries, c => Each(c, entry => Insert(c, entry.Copy()))),
        new("repeat with another answer", FuzzStage.Entries, Contradict),
        new("repeat with another value", FuzzStage.Entries, c => Each(c, entry =>
        {
            var copy = entry.Copy();
            if (!FuzzValueMutators.Renew(c, copy)) return false;
            Insert(c, copy);
            return true;
        })),
        new("abstain as well", FuzzStage.Entries, c => c.World.Abstain && Each(c, entry =>
        {
            if (entry.Mark.Length == 0) return false;
            entry.Hedge($"{entry.Mark}: not sure");
            return true;
        })),
        new("an entry that is none", FuzzStage.Entries, c => Each(c, entry =>
        {
            if (entry.Instead is not null) return;
            var id = entry.Says ?? 0;
            entry.Instead = c.Chance.Of(["\"entry\"", "7", "null", "[]", "{}", "true", $"[{id}]", $"\"{id}\"", $"{{\"id\":{id}}}"]);
            entry.Spoil(FuzzGrade.Bad);
            if (!entry.Instead.StartsWith("{\"id\"", StringComparison.Ordinal)) entry.Says = null;
        })),
        new("an entry in an array of its own", FuzzStage.Entries, c => Each(c, entry =>
        {
            if (entry.Instead is not null) return;
            entry.Instead = $"[{entry.Json(c.Style, keyed: false)}]";
            entry.Spoil(FuzzGrade.Doubtful);
        })),
    ];

    /// <summary>Does something to one of the main document's entries, rarely to several; false when nothing could be done.</summary>
    public static bool Each(FuzzCase c, Func<FuzzEntry, bool> change)
    {
        var entries = c.Main.Entries.Where(e => e.Instead is null).ToList();
        if (entries.Count == 0) return false;
        var done = false;
        for (var count = c.Chance.One(4) ? c.Chance.Next(1, 6) : 1; count > 0; count--) done |= change(c.Chance.Of(entries));
        return done;
    }

    /// <summary>The same for what can always be done.</summary>
    public static bool Each(FuzzCase c, Action<FuzzEntry> change) => Each(c, entry =>
    {
        change(entry);
        return true;
    });

    private static void Insert(FuzzCase c, FuzzEntry entry) => c.Main.Entries.Insert(c.Chance.Next(0, c.Main.Entries.Count + 1), entry);

    private static bool Contradict(FuzzCase c) => Each(c, entry =>
    {
        if (entry.Says is not { } row || row != entry.Owner) return false;
        var other = c.World.Entry(c.Chance, row, 'x');
        other.Id = entry.Id;
        c.Tell(other);
        Insert(c, other);
        return true;
    });

    private static bool Any(FuzzCase c, bool done)
    {
        if (c.Main.Entries.Count == 0) c.Findable = false;
        return done;
    }
}

/// <summary>Ids that are other ones, none, or written in another way.</summary>
internal static class FuzzIdMutators
{
    private static readonly string[] s_odd =
        ["\" N \"", "\"N\\n\"", "N.0", "Ne0", "\"0N\"", "\"#N\"", "[N]", "\"N.0\"", "\"row N\"", "\"+N\""];

    private static readonly string[] s_foreign =
        ["0", "-1", "99999999999", "1e30", "-0", "2147483648", "1e400", "\"x\"", "\"\"", "1e-400"];

    public static IReadOnlyList<FuzzMutator> All { get; } =
    [
        new("id as a string", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Write(entry, id => $"\"{id}\"", FuzzGrade.Good))),
        new("every id as a string", FuzzStage.Entries, c =>
        {
            foreach (var entry in c.Main.Entries) Write(entry, id => $"\"{id}\"", FuzzGrade.Good);
            return true;
        }),
        new("id written oddly", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Write(
            entry, id => c.Chance.Of(s_odd).Replace("N", id, StringComparison.Ordinal), FuzzGrade.Doubtful))),
        new("id of another row", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            if (entry.Says is null || entry.SecondId is not null) return false;
            var row = c.Chance.Next(1, c.World.Rows + 1);
            entry.Says = row;
            entry.Id = Number(row);
            c.Tell(entry);
            return true;
        })),
        new("two ids exchanged", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            var other = c.Chance.Of(c.Main.Entries);
            if (other.Instead is not null || other.SecondId is not null || entry.SecondId is not null) return;
            (entry.Id, other.Id) = (other.Id, entry.Id);
            (entry.Says, other.Says) = (other.Says, entry.Says);
            // How oddly an id is written goes with it.
            if (entry.Grade != FuzzGrade.Good) other.Spoil(FuzzGrade.Doubtful);
            if (other.Grade != FuzzGrade.Good) entry.Spoil(FuzzGrade.Doubtful);
            c.Tell(entry);
            c.Tell(other);
        })),
        new("foreign id", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
            Lose(entry, c.Chance.One(4) ? Number(c.World.Rows + c.Chance.Next(1, 5)) : c.Chance.Of(s_foreign)))),
        new("no usable id", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
            Lose(entry, c.Chance.Of([null, null, "null", "true", "{}", "[]", "1.5", "\"one\"", "\"\\ud800\"", "\"NaN\""])))),
        new("no ids at all", FuzzStage.Entries, c =>
        {
            foreach (var entry in c.Main.Entries) Lose(entry, null);
            return true;
        }),
        new("id that only looks like another row's", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
            Lose(entry, Lookalike(c.Chance, c.Chance.Next(1, c.World.Rows + 1))))),
        new("two ids in one entry", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            if (entry.Says is null) return false;
            entry.SecondId = Number(c.Chance.Next(1, c.World.Rows + 1));
            entry.Spoil(FuzzGrade.Doubtful);
            return true;
        })),
        new("one id twice in an entry", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            if (entry.Says is null) return false;
            entry.SecondId = entry.Id;
            entry.Spoil(FuzzGrade.Doubtful);
            return true;
        })),
        new("id elsewhere in the entry", FuzzStage.Entries, c =>
        {
            foreach (var entry in c.Main.Entries) entry.IdAt = c.Chance.Next(0, 9);
            return true;
        }),
    ];

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool Write(FuzzEntry entry, Func<string, string> form, FuzzGrade grade)
    {
        if (entry.Says is not { } row || entry.Instead is not null || entry.Id != Number(row)) return false;
        entry.Id = form(entry.Id);
        entry.Spoil(grade);
        return true;
    }

    private static void Lose(FuzzEntry entry, string? id)
    {
        if (entry.Instead is not null) return;
        entry.Id = id;
        entry.Says = null;
        // What it may still be accepted for is its second id, which is another mutator's.
        entry.SecondId = null;
    }

    /// <summary>What careless reading takes for that number: cut at a point or a letter, wrapped around, or without its sign.</summary>
    private static string Lookalike(FuzzChance chance, int row) => chance.Next(0, 12) switch
    {
        0 => $"{row}.5",
        1 => $"-{row}",
        2 => (row + (1L << 32)).ToString(CultureInfo.InvariantCulture),
        3 => ((Int128)row + ((Int128)1 << 64)).ToString(CultureInfo.InvariantCulture),
        4 => $"\"{row}th\"",
        5 => $"\"{row},{row + 1}\"",
        6 => $"\"{row}-{row + 2}\"",
        7 => $"\"{row}\\u0000\"",
        8 => $"[{row},{row + 1}]",
        9 => $"\"{row}.5\"",
        10 => $"\"-{row}\"",
        _ => $"{{\"id\":{row}}}",
    };
}
