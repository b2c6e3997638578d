using System.Text;
using Rowmill.Core.Replies;

namespace Rowmill.Tests.Replies;

/// <summary>How the entries of a document are wrapped.</summary>
internal enum FuzzForm
{
    /// <summary>As asked: <c>{"rows":[…]}</c>.</summary>
    Rows,

    /// <summary>A bare array.</summary>
    Bare,

    /// <summary>An object keyed by id.</summary>
    Keyed,

    /// <summary>That under <c>rows</c>.</summary>
    KeyedRows,

    /// <summary>One entry on each line.</summary>
    Lines,

    /// <summary><c>rows</c> among other members.</summary>
    Among,

    /// <summary>Under another name.</summary>
    Renamed,

    /// <summary>Deeper than asked.</summary>
    Nested,

    /// <summary><c>rows</c> twice in one object, the entries shared among them.</summary>
    Split,
}

/// <summary>A document of a reply.</summary>
internal sealed class FuzzDocument(List<FuzzEntry> entries)
{
    public List<FuzzEntry> Entries => entries;

    public FuzzForm Form { get; set; }
}

/// <summary>
/// One mutated reply: the documents in it, then its bytes, and what a reader must make of it. Mutators that make another row's answer
/// look like a row's own say so here; nothing else excuses one.
/// </summary>
internal sealed class FuzzCase
{
    public FuzzCase(FuzzWorld world, int number)
    {
        World = world;
        Number = number;
        Marks.Keep(world.Marks);
        Chance = new FuzzChance(new Random(unchecked((world.Seed * 1_000_003) + number)), Marks);
        Documents.Add(new FuzzDocument([.. world.Truth.Select(e => e.Copy())]));
    }

    public FuzzWorld World { get; }

    public int Number { get; }

    public FuzzChance Chance { get; }

    public FuzzMarks Marks { get; } = new();

    /// <summary>What was done, in order.</summary>
    public List<string> Done { get; } = [];

    public List<FuzzDocument> Documents { get; } = [];

    public FuzzDocument Main => Documents[0];

    public FuzzStyle Style { get; set; } = new();

    /// <summary>What stands between documents.</summary>
    public string Between { get; set; } = "\n";

    /// <summary>A comment in every document; null for none.</summary>
    public string? Comment { get; set; }

    public FuzzText Text { get; } = new();

    /// <summary>Whether every document stands whole in the text.</summary>
    public bool Whole { get; set; } = true;

    /// <summary>Whether a reader must find the documents, as far as the mutators know.</summary>
    public bool Findable { get; set; } = true;

    /// <summary>
    /// Whether a reader must find every document and every entry in it. An object keyed by id is one only when all of its keys are ids, and
    /// when no property of an answer has an id's name.
    /// </summary>
    public bool IsPlain => Findable && !Documents.Exists(d => d.Form is FuzzForm.Keyed or FuzzForm.KeyedRows
        && (World.Answer.Properties.Any(p => char.IsAsciiDigit(p.Name[0]))
            || d.Entries.Exists(e => e.Says is null || e.Instead is not null || e.Id!.Trim('"') != FuzzIdMutators.Number(e.Says.Value))));

    /// <summary>Whether a thinking block does not begin a line.</summary>
    public bool HidesThinking { get; set; }

    /// <summary>Length of what is left of a reply that was cut and nothing else; null when it was not, or something else was done as well.</summary>
    public int? Cut { get; set; }

    /// <summary>
    /// Entries of an object behind single answers, in a reply that is cut. Such an object may break off, and then nothing in the text tells
    /// a wrapper from one more single answer that holds "rows" of its own.
    /// </summary>
    public IEnumerable<FuzzEntry> Unsure => Cut is null ? [] : Documents.SkipWhile(d => d.Form != FuzzForm.Lines)
        .Where(d => d.Form is not (FuzzForm.Lines or FuzzForm.Bare)).SelectMany(d => d.Entries);

    /// <summary>The length before that, by the last byte of each owner's entry.</summary>
    public Dictionary<int, int> Ends { get; } = [];

    /// <summary>Owners of entries whose bytes were changed, or joined to others.</summary>
    public HashSet<int> Torn { get; } = [];

    /// <summary>Answers that the reply literally gives for a row although they are another's.</summary>
    public HashSet<(int Row, string Mark)> Told { get; } = [];

    public IEnumerable<FuzzEntry> Entries => Documents.SelectMany(d => d.Entries);

    /// <summary>Says that an entry now stands under another row's id.</summary>
    public void Tell(FuzzEntry entry)
    {
        if (entry.Says is not { } row) return;
        foreach (var member in entry.Members)
            foreach (var mark in FuzzMarks.In(FuzzLiteral.Texts(member.Json))) Told.Add((row, mark));
    }

    /// <summary>Notes what a change of bytes touches, its neighbours included.</summary>
    public void Tear(int at, int length)
    {
        Whole = false;
        Cut = null;
        for (var i = Math.Max(0, at - 1); i <= at + length && i < Text.Length; i++)
            if (Text.Owners[i] != 0) Torn.Add(Text.Owners[i]);
        // What is put before a thinking block may be put on its line.
        if (Text.Owners.IndexOf((short)FuzzMarks.Thinking) >= at) Torn.Add(FuzzMarks.Thinking);
    }

    /// <summary>Writes the documents.</summary>
    public void Render()
    {
        Text.Clear();
        for (var i = 0; i < Documents.Count; i++)
        {
            if (i > 0) Text.Append(Between);
            Write(Documents[i]);
        }
    }

    public ReplyReading Read(byte[] text) => World.Reader.Read(text, World.Rows);

    public string Shown() => Encoding.UTF8.GetString(Text.Bytes);

    private void Write(FuzzDocument document)
    {
        var entries = document.Entries;
        switch (document.Form)
        {
            case FuzzForm.Rows:
                Array("{\"rows\":[", entries, "]}");
                break;
            case FuzzForm.Bare:
                Array("[", entries, "]");
                break;
            case FuzzForm.Keyed:
                Keyed("{", entries, "}");
                break;
            case FuzzForm.KeyedRows:
                Keyed("{\"rows\":{", entries, "}}");
                break;
            case FuzzForm.Lines:
                foreach (var entry in entries)
                {
                    Text.Append(entry.Json(new FuzzStyle(), keyed: false), entry.Owner);
                    Text.Append("\n");
                }

                break;
            case FuzzForm.Among:
                Array("{\"note\":\"all [of] {them}\",\"count\":3,\"rows\":[", entries, "],\"more\":[{\"id\":0}],\"ok\":true}");
                break;
            case FuzzForm.Renamed:
                Array("{\"answers\":[", entries, "]}");
                break;
            case FuzzForm.Nested:
                Array("{\"result\":{\"rows\":[", entries, "]}}");
                break;
            default:
                var half = entries.Count / 2;
                Array("{\"rows\":[", entries[..half], "],");
                Array("\"rows\":[", entries[half..], "]}");
                break;
        }
    }

    private void Array(string before, IReadOnlyList<FuzzEntry> entries, string after) => Write(before, entries, after, keyed: false);

    private void Keyed(string before, IReadOnlyList<FuzzEntry> entries, string after) => Write(before, entries, after, keyed: true);

    private void Write(string before, IReadOnlyList<FuzzEntry> entries, string after, bool keyed)
    {
        Text.Append(before);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            Text.Append(Style.Open);
            if (keyed) Text.Append(Key(entry) + Style.Colon, entry.Owner);
            Text.Append(entry.Json(Style, keyed), entry.Owner);
            if (i + 1 < entries.Count) Text.Append(Style.Comma);
            if (i == 0 && Comment is not null) Text.Append(Comment);
        }

        Text.Append((entries.Count == 0 ? "" : Style.Last) + Style.Close + after);
    }

    private static string Key(FuzzEntry entry) =>
        entry.Id is null ? "\"row\"" : entry.Id.StartsWith('"') ? entry.Id : FuzzChance.Quote(entry.Id);
}
