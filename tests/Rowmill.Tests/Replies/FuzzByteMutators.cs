using System.Text;

namespace Rowmill.Tests.Replies;

/// <summary>Bytes that go, come and change anywhere. Whatever touches an entry says so.</summary>
internal static class FuzzByteMutators
{
    private static readonly string[] s_tokens =
    [
        "\"", "{", "}", "[", "]", ",", ":", "\\", "\n", "1", "0", "-", " ", "null", "},{", "]}", "{\"id\":1,", "\"id\":2,", "\"rows\":[",
        "{\"rows\":[", "```", "<think>", "</think>",
        "'", "//", "/*", "*/", "\\u", "\\ud83d", "NaN", "“", "\0", "\ufeff", "\u2028",
    ];

    private static readonly byte[][] s_brokenUtf8 =
        [[0xFF], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0x80]];

    private static readonly string[] s_nothings =
        ["", "null", "42", "\"rows\"", "{}", "[]", "{\"rows\":null}", "{\"rows\":7}", "}{", "\ufeff"];

    public static IReadOnlyList<FuzzMutator> All { get; } =
    [
        new("cut", FuzzStage.Bytes, c => Cut(c, c.Chance.Next(0, c.Text.Length + 1))),
        new("cut within a character or an escape", FuzzStage.Bytes, c =>
        {
            var from = c.Chance.Next(0, c.Text.Length);
            var at = c.Text.Bytes[from..].IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            if (c.Chance.One(2) || at < 0) at = c.Text.Bytes[from..].IndexOf((byte)'\\');
            return at >= 0 && Cut(c, from + at + 1);
        }),
        new("begun again", FuzzStage.Bytes, c =>
        {
            var again = c.Text.Length;
            if (again == 0) return false;
            var at = c.Chance.Next(0, again);
            c.Tear(at, again - at);
            c.Text.CopyRange(0, again, again);
            c.Text.Splice(at, again - at, [], 0);
            c.Tear(at, 0);
            return true;
        }),
        new("flip bits", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 1);
            c.Text.Set(at, (byte)(c.Text.Bytes[at] ^ (1 << c.Chance.Next(0, 8))));
        })),
        new("change bytes", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 1);
            c.Text.Set(at, c.Chance.One(2) ? (byte)c.Chance.Next(0, 256) : (byte)c.Chance.Of("{}[]\",:\\0123456789".ToCharArray()));
        })),
        new("insert bytes", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 0);
            c.Text.Splice(at, 0, Encoding.UTF8.GetBytes(c.Chance.Of(s_tokens)), c.Text.Owners[at]);
        })),
        new("broken UTF-8", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 0);
            c.Text.Splice(at, 0, c.Chance.Of(s_brokenUtf8), c.Text.Owners[at]);
        })),
        new("delete bytes", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 1);
            c.Text.Splice(at, 1, [], 0);
        })),
        new("delete a range", FuzzStage.Bytes, c => Range(c, (from, length) =>
        {
            c.Tear(from, length);
            c.Text.Splice(from, length, [], 0);
        })),
        new("repeat a range", FuzzStage.Bytes, c => Range(c, (from, length) =>
        {
            var to = c.Chance.Next(0, c.Text.Length + 1);
            c.Tear(from, length);
            c.Tear(to, 0);
            c.Text.CopyRange(from, length, to);
        })),
        new("swap two ranges", FuzzStage.Bytes, c => Range(c, (from, length) =>
        {
            var to = c.Chance.Next(0, c.Text.Length - length + 1);
            c.Tear(from, length);
            c.Text.CopyRange(from, length, c.Text.Length);
            var kept = c.Text.Length - length;
            c.Text.Splice(from, length, [], 0);
            c.Tear(from, 0);
            c.Tear(to, 0);
            c.Text.CopyRange(kept - length, length, to);
            c.Text.Splice(c.Text.Length - length, length, [], 0);
        })),
        new("smart quotes", FuzzStage.Bytes, c => Quotes(c, i => i % 2 == 0 ? "“" : "”")),
        new("single quotes", FuzzStage.Bytes, c => Quotes(c, _ => "'")),
        new("escapes taken off", FuzzStage.Bytes, c =>
        {
            Broken(c);
            // Nothing of one row comes to another, but texts within strings become part of the reply.
            c.Torn.UnionWith(c.Text.Owners.ToArray().Where(o => o != 0).Select(o => (int)o));
            c.Text.Replace((byte)'\\', _ => "");
            return true;
        }),
        new("line breaks in strings", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 0);
            c.Text.Splice(at, 0, "\n"u8, c.Text.Owners[at]);
        })),
        new("deep nesting", FuzzStage.Bytes, c => Repeat(c, at =>
        {
            c.Tear(at, 0);
            var deep = c.Chance.One(50) ? 20_000 : c.Chance.Next(60, 300);
            c.Text.Splice(at, 0, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(c.Chance.Of(["[", "{\"a\":", "{\"rows\":[", "]", "}"]), deep))), 0);
        })),
        new("hardly anything", FuzzStage.Bytes, c =>
        {
            if (!c.Chance.One(10)) return false;
            Broken(c);
            c.Text.Clear();
            c.Text.Append(c.Chance.Of(s_nothings));
            return true;
        }),
    ];

    private static bool Cut(FuzzCase c, int at)
    {
        var whole = c.Whole;
        if (whole)
        {
            c.Ends.Clear();
            for (var i = 0; i < c.Text.Length; i++) c.Ends[c.Text.Owners[i]] = i + 1;
        }

        c.Text.Splice(at, c.Text.Length - at, [], 0);
        c.Cut = whole ? at : null;
        c.Whole = false;
        return true;
    }

    private static void Broken(FuzzCase c)
    {
        c.Whole = false;
        c.Cut = null;
    }

    private static bool Quotes(FuzzCase c, Func<int, string> by)
    {
        Broken(c);
        c.Text.Replace((byte)'"', by);
        return true;
    }

    private static bool Repeat(FuzzCase c, Action<int> change)
    {
        for (var count = c.Chance.One(3) ? c.Chance.Next(1, 12) : 1; count > 0 && c.Text.Length > 1; count--) change(c.Chance.Next(0, c.Text.Length));
        return true;
    }

    private static bool Range(FuzzCase c, Action<int, int> change)
    {
        if (c.Text.Length < 2) return false;
        var length = c.Chance.One(2) ? c.Chance.Next(1, Math.Min(40, c.Text.Length)) : c.Chance.Next(1, c.Text.Length);
        change(c.Chance.Next(0, c.Text.Length - length + 1), length);
        return true;
    }
}
