using System.Text;

namespace Rowmill.Tests.Replies;

/// <summary>What stands around the answers: other wrappers, layouts, further documents, fences, prose, thinking.</summary>
internal static class FuzzWrapMutators
{
    private static readonly string[] s_before =
    [
        "The {rows} you [asked] for:\n", "As {\"rows\": [...]}:\n", "\"rows\" [1] {id}: ", "{", "[", "\"", "Rows: {}\n", "[]\n", "{\"rows\":[]}\n",
        "```json\n{}\n```\n", "",
    ];

    private static readonly string[] s_behind =
        ["\nI left out {nothing} [really].", "\"", "}", "]", "\n{}", "\n[1,2]", "\n{\"done\":true}", "\n\"rows\":[", ""];

    public static IReadOnlyList<FuzzMutator> All { get; } =
    [
        new("another wrapper", FuzzStage.Entries, Wrap),
        new("another layout", FuzzStage.Entries, c =>
        {
            c.Style = c.Chance.Of(FuzzStyle.Usual);
            return true;
        }),
        new("trailing commas", FuzzStage.Entries, c =>
        {
            c.Style = c.Style with { Last = "," };
            return c.Entries.Any();
        }),
        new("comments", FuzzStage.Entries, c =>
        {
            c.Comment = c.Chance.Of(["/* } ] \" */", "// that is {all}\n", "# so\n", "<!-- x -->"]);
            c.Findable = false;
            return true;
        }),
        new("the document twice", FuzzStage.Entries, c => Add(c, [.. c.Main.Entries.Select(e => e.Copy())])),
        new("two documents that contradict", FuzzStage.Entries, c =>
        {
            List<FuzzEntry> entries = [];
            foreach (var entry in c.World.Truth)
            {
                var other = c.Chance.One(3) ? c.World.Entry(c.Chance, entry.Owner, 'x') : entry.Copy();
                if (other.Mark != entry.Mark || other.Abstains) c.Tell(other);
                entries.Add(other);
            }

            return Add(c, entries);
        }),
        new("the reply of another pack as well", FuzzStage.Entries, c =>
        {
            List<FuzzEntry> entries = [.. Enumerable.Range(1, c.Chance.Next(1, 8)).Select(row => c.World.Entry(c.Chance, row, 'f'))];
            foreach (var entry in entries) c.Tell(entry);
            return Add(c, entries);
        }),
        new("the answers in two documents", FuzzStage.Entries, c =>
        {
            if (c.Main.Entries.Count < 2) return false;
            var at = c.Chance.Next(1, c.Main.Entries.Count);
            var rest = c.Main.Entries[at..];
            c.Main.Entries.RemoveRange(at, rest.Count);
            return Add(c, rest);
        }),
        new("fence", FuzzStage.Around, c => Around(
            c, c.Chance.Of(["```json\n", "```\n", "```JSON\r\n", "~~~\n"]), c.Chance.Of(["\n```", "\n```\n", "```", ""]))),
        new("prose around", FuzzStage.Around, c => Around(
            c, c.Chance.Of(["Here you are:\n", "Sure!\n\n", "", "It's done. "]), c.Chance.Of(["\nAnything else?", "\n\nThat's all.", ""]))),
        new("prose with braces", FuzzStage.Around, c =>
        {
            c.Findable = false;
            return Around(c, c.Chance.Of(s_before), c.Chance.Of(s_behind));
        }),
        new("white space around", FuzzStage.Around, c => Around(c, c.Chance.Of([" ", "\r\n\r\n", "\t\n"]), c.Chance.Of(["\n", "   \n\n", "\0"]))),
        new("byte order mark", FuzzStage.Around, c => Around(c, "\ufeff", "")),
        new("thinking with a draft", FuzzStage.Around, c =>
        {
            if (c.Chance.One(8)) Insert(c, "<thinking>", "</thinking>\n");
            else Insert(c, "<think>", "</think>\n");
            return true;
        }),
        new("thinking that does not end", FuzzStage.Around, c =>
        {
            c.Findable = false;
            if (c.Chance.One(2))
            {
                c.Whole = false;
                c.Text.Clear();
            }

            Insert(c, "<think>", "\n\n");
            return true;
        }),
    ];

    private static bool Wrap(FuzzCase c)
    {
        var form = c.Chance.Of(Enum.GetValues<FuzzForm>());
        c.Main.Form = form;
        if (form is FuzzForm.Renamed or FuzzForm.Nested or FuzzForm.Split) c.Findable = false;
        if (form is not (FuzzForm.Keyed or FuzzForm.KeyedRows)) return true;
        if (c.Chance.One(2))
        {
            // The key says one row, the entry another.
            foreach (var entry in c.Main.Entries)
            {
                if (entry.SecondId is not null || entry.Says is null || !c.Chance.One(4)) continue;
                entry.SecondId = FuzzIdMutators.Number(c.Chance.Next(1, c.World.Rows + 1));
                if (c.Chance.One(2)) (entry.Id, entry.SecondId) = (entry.SecondId, entry.Id);
                entry.Spoil(FuzzGrade.Doubtful);
            }
        }

        return true;
    }

    private static bool Add(FuzzCase c, List<FuzzEntry> entries)
    {
        var document = new FuzzDocument(entries) { Form = c.Chance.One(3) ? c.Chance.Of([FuzzForm.Bare, FuzzForm.Keyed, FuzzForm.Rows]) : FuzzForm.Rows };
        c.Documents.Insert(c.Chance.Next(0, 2), document);
        c.Between = c.Chance.Of(["\n", "\n\n", " ", "\n\nCorrected:\n", "\n```\n```json\n", "\n---\n"]);
        return true;
    }

    private static bool Around(FuzzCase c, string before, string after)
    {
        // A model thinks first, or at least on a line of its own.
        if (!string.IsNullOrWhiteSpace(before.TrimStart('\ufeff')) && c.Done.Exists(d => d.StartsWith("thinking", StringComparison.Ordinal)))
        {
            c.Findable = false;
            c.HidesThinking |= !before.EndsWith('\n');
        }

        c.Text.Splice(0, 0, Encoding.UTF8.GetBytes(before), 0);
        c.Text.Append(after);
        return true;
    }

    /// <summary>Puts a block with other answers for some rows before the reply.</summary>
    private static void Insert(FuzzCase c, string open, string close)
    {
        var draft = new FuzzText();
        draft.Append(open + c.Chance.Of(["\nLet me see.\n", "\n", "", "{hm} "]), FuzzMarks.Thinking);
        var entries = Enumerable.Range(1, c.World.Rows).Where(_ => c.Chance.One(2))
            .Select(row => c.World.Entry(c.Chance, row, 'd').Json(c.Style, keyed: false)).ToList();
        var form = c.Chance.Of([("{\"rows\":[", "]}"), ("[", "]"), ("", ""), ("{\"rows\":[", "")]);
        draft.Append(form.Item1 + string.Join(',', entries) + form.Item2, FuzzMarks.Draft);
        draft.Append(c.Chance.Of(["\nThat will do.", "", "\n"]) + close, FuzzMarks.Thinking);
        c.Text.Splice(0, 0, draft.Bytes, FuzzMarks.Thinking);
    }
}
