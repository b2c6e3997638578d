using System.Text.Json;

namespace Rowmill.Tests.Replies;

/// <summary>Values written in another way, wrong ones, and members too many.</summary>
internal static class FuzzValueMutators
{
    private static readonly string[] s_noJson =
    [
        "NaN", "-Infinity", "undefined", "True", "None", "'x'", "\"a\nb\"", "\"a\tb\"", "\"\\x41\"", "\"\\ud83d", "01", "1.", "+1", "“x”", "",
    ];

    private static readonly string[] s_halves = ["\"\\ud83d\"", "\"\\ude00 x\"", "[\"\\ud83d\\u0041\"]", "{\"\\ud83d\":1}"];

    private static readonly (string Name, string Json)[] s_extras =
    [
        ("confidence", "0.9"), ("comment", "\"so }], it is\""), ("index", "1"), ("row", "2"), ("ID", "1"), ("Id", "null"), ("_", "[[],{}]"),
        ("why not", "null"), ("title", "\"\\u00fc\""),
    ];

    public static IReadOnlyList<FuzzMutator> All { get; } =
    [
        new("members shuffled", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => c.Chance.Shuffle(entry.Members))),
        new("label written in another way", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Change(c, entry, Relabel))),
        new("number as a string", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Change(c, entry, (_, m) =>
            m.Property!.Shape is FuzzNumber or FuzzNullable { Inner: FuzzNumber } && m.Json.Length > 0 && (m.Json[0] == '-' || char.IsAsciiDigit(m.Json[0]))
                ? ($"\"{m.Json}\"", FuzzGrade.Good)
                : null))),
        new("single value for an array", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Change(c, entry, Single))),
        new("extra members", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Extra(c, entry))),
        new("a member that looks like an entry", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Trap(c, entry))),
        new("a member twice", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            if (entry.Members.Count == 0) return false;
            var member = c.Chance.Of(entry.Members);
            entry.Members.Insert(c.Chance.Next(0, entry.Members.Count + 1), member);
            entry.Spoil(FuzzGrade.Doubtful);
            return true;
        })),
        new("two marks in one entry", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            if (entry.Mark.Length == 0 || entry.Owner > FuzzMarks.OtherPack) return false;
            c.Chance.Row = entry.Owner;
            entry.Members.Insert(c.Chance.Next(0, entry.Members.Count + 1), new FuzzMember("mark", FuzzChance.Quote(c.Chance.Mark('x')), null));
            entry.Spoil(FuzzGrade.Bad);
            return true;
        })),
        new("a required member missing", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            var once = entry.Members.CountBy(m => m.Name).Where(n => n.Value == 1).Select(n => n.Key).ToList();
            if (entry.Members.RemoveAll(m => m.Property is { Required: true } && once.Contains(m.Name) && c.Chance.One(2)) == 0) return false;
            entry.Spoil(FuzzGrade.Bad);
            return true;
        })),
        new("a wrong value", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Change(c, entry, Wrong))),
        new("a value that is no JSON", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry => Change(c, entry, (_, _) =>
        {
            c.Whole = false;
            return (c.Chance.Of(s_noJson), FuzzGrade.Doubtful);
        }))),
        new("half of a surrogate pair", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            if (c.Chance.One(2)) return Change(c, entry, (_, _) => (c.Chance.Of(s_halves), FuzzGrade.Doubtful));
            entry.Members.Insert(c.Chance.Next(0, entry.Members.Count + 1), new FuzzMember("extra", "\"\\ud83d\"", null));
            entry.Spoil(FuzzGrade.Doubtful);
            return true;
        })),
        new("a mark in escapes", FuzzStage.Entries, c => FuzzEntryMutators.Each(c, entry =>
        {
            var at = entry.Members.FindIndex(m => m.Name == "mark");
            if (at < 0) return false;
            var json = entry.Members[at].Json;
            if (json.Length < 3 || json[0] != '"' || json[1] == '\\') return false;
            entry.Members[at] = entry.Members[at] with { Json = $"\"\\u{(int)json[1]:x4}{json[2..]}" };
            return true;
        })),
    ];

    /// <summary>Gives one member of an entry another valid value; false when that makes no difference.</summary>
    public static bool Renew(FuzzCase c, FuzzEntry entry)
    {
        if (entry.Grade != FuzzGrade.Good || entry.Instead is not null) return false;
        c.Chance.Row = entry.Owner;
        var at = entry.Members.FindIndex(m => m.Property is not null && m.Name != "mark" && c.Chance.One(2));
        if (at < 0) return false;
        entry.Members[at] = entry.Members[at] with { Json = entry.Members[at].Property!.Shape.Value(c.Chance) };
        var stored = c.World.Store(entry);
        if (stored.IsEmpty || stored.Span.SequenceEqual(entry.Stored.Span)) return false;
        entry.Stored = stored;
        if (entry.Says != entry.Owner) c.Tell(entry);
        return true;
    }

    /// <summary>Changes a member that the schema knows; the change says what it makes of the entry, or null when it does not apply.</summary>
    private static bool Change(FuzzCase c, FuzzEntry entry, Func<FuzzChance, FuzzMember, (string Json, FuzzGrade Grade)?> change)
    {
        var known = entry.Members.Where(m => m.Property is not null && m.Json != "null").ToList();
        c.Chance.Shuffle(known);
        foreach (var member in known)
        {
            if (change(c.Chance, member) is not { } changed) continue;
            entry.Members[entry.Members.IndexOf(member)] = member with { Json = changed.Json };
            entry.Spoil(changed.Grade);
            return true;
        }

        return false;
    }

    private static (string, FuzzGrade)? Relabel(FuzzChance chance, FuzzMember member)
    {
        var shape = member.Property!.Shape;
        var list = shape as FuzzList;
        if ((shape as FuzzLabel ?? list?.Item as FuzzLabel ?? (shape as FuzzNullable)?.Inner as FuzzLabel) is not { } labels) return null;
        var given = labels.Labels.FirstOrDefault(l => member.Json.Contains(FuzzChance.Quote(l), StringComparison.Ordinal));
        if (given is null) return null;
        var other = chance.Next(0, 7) switch
        {
            0 => given.ToUpperInvariant(),
            1 => given.ToLowerInvariant(),
            2 => given.Replace(' ', '-'),
            3 => given.Replace('-', ' '),
            4 => given.Replace(" ", "", StringComparison.Ordinal),
            5 => given.Replace("-", "", StringComparison.Ordinal),
            _ => $" {given}",
        };
        if (labels.Labels.Contains(other)) return null;
        // Among labels that differ by nothing else, nobody knows which is meant.
        return (member.Json.Replace(FuzzChance.Quote(given), FuzzChance.Quote(other), StringComparison.Ordinal),
            labels.TellsApart ? FuzzGrade.Good : labels.Labels.Count(l => FuzzLabel.Fold(l) == FuzzLabel.Fold(other)) > 1 ? FuzzGrade.Bad : FuzzGrade.Doubtful);
    }

    private static (string, FuzzGrade)? Single(FuzzChance chance, FuzzMember member)
    {
        if (member.Property!.Shape is not FuzzList list || !member.Json.StartsWith('[')) return null;
        using var document = JsonDocument.Parse(member.Json);
        if (document.RootElement.GetArrayLength() != 1) return null;
        var only = document.RootElement[0].GetRawText();
        // A text may be a list in one string.
        return (only, list.Item is FuzzLabel or FuzzNumber ? FuzzGrade.Good : FuzzGrade.Doubtful);
    }

    private static (string, FuzzGrade)? Wrong(FuzzChance chance, FuzzMember member) => member.Property!.Shape switch
    {
        FuzzLabel => (chance.Of(["\"Higher\"", "\"\"", "{}", "[]", "3"]), FuzzGrade.Bad),
        FuzzNumber => (chance.Of(["\"\"", "\"3x\"", "{}", "\"many\"", "100000"]), FuzzGrade.Doubtful),
        FuzzWords words => (FuzzChance.Quote(new string('w', words.Most + 1)), FuzzGrade.Bad),
        FuzzObject => (chance.Of(["3", "\"x\"", "[]"]), FuzzGrade.Bad),
        FuzzPattern => ("\"_\"", FuzzGrade.Bad),
        FuzzFlag => (chance.Of(["\"yes\"", "1", "\"true\"", "\"TRUE\""]), FuzzGrade.Doubtful),
        FuzzMark => (chance.Of(["{}", "[]"]), FuzzGrade.Bad),
        _ => null,
    };

    private static void Extra(FuzzCase c, FuzzEntry entry)
    {
        var (name, json) = c.Chance.Of(s_extras);
        if (entry.Members.Exists(m => m.Name == name)) return;
        entry.Members.Insert(c.Chance.Next(0, entry.Members.Count + 1), new FuzzMember(name, json, null));
    }

    /// <summary>An answer within an entry, under a name the schema does not know: as JSON, or as text.</summary>
    private static void Trap(FuzzCase c, FuzzEntry entry)
    {
        if (entry.Owner > FuzzMarks.OtherPack || entry.Members.Exists(m => m.Name is "draft" or "rows" or "answers")) return;
        var row = c.Chance.Next(1, c.World.Rows + 1);
        var inner = c.World.Entry(c.Chance, row, 't');
        // The trap stands in this entry: its marks go with it.
        foreach (var mark in inner.Members.SelectMany(m => FuzzMarks.In(m.Json))) c.Marks.Add(mark, 't', entry.Owner);
        var json = inner.Json(new FuzzStyle(), keyed: false);
        json = c.Chance.Next(0, 5) switch
        {
            0 => json,
            1 => $"[{json}]",
            2 => $"{{\"rows\":[{json}]}}",
            3 => $"{{\"{row}\":{inner.Json()}}}",
            _ => FuzzChance.Quote(json),
        };
        if (c.Chance.One(6)) json = FuzzChance.Quote(json.Replace('"', '\''));
        var name = c.Chance.Of(["draft", "rows", "answers"]);
        if (c.World.Answer.Properties.Any(p => p.Name == name)) name = "draft";
        entry.Members.Insert(c.Chance.Next(0, entry.Members.Count + 1), new FuzzMember(name, json, null));
    }
}
