using System.Text;
using System.Text.Json;
using Rowmill.Core.Questions;
using Rowmill.Core.Replies;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Replies;

/// <summary>A random question and pack with its true answers, each marked with its row; the seed decides all of it.</summary>
internal sealed class FuzzWorld
{
    private static readonly string[][] s_labels =
    [
        ["Very Low", "Low", "Medium", "High", "Very High"],
        ["Modern Soul", "R&B", "Hip-Hop", "Trip Hop", "New Jack Swing", "Soul"],
        ["yes", "no"],
        // Without case, spaces and hyphens the first two are the same.
        ["Low-Key", "low key", "Loud", "Other"],
        ["Café", "été", "naïve", "日本 語"],
    ];

    private static readonly string[] s_names = ["energy", "tags", "score", "note", "why", "rows", "answer", "first name", "größe", "1", "items", "key"];

    /// <summary>Makes a world.</summary>
    /// <param name="seed">Decides it.</param>
    /// <param name="mostRows">The largest pack.</param>
    public FuzzWorld(int seed, int mostRows = 40)
    {
        Seed = seed;
        var chance = new FuzzChance(new Random(seed), Marks);
        // Most packs are small, so that a fault meets most of their rows.
        Rows = chance.One(3) ? chance.Next(1, mostRows + 1) : chance.Next(1, Math.Min(10, mostRows) + 1);
        Abstain = chance.One(3);
        Answer = RandomAnswer(chance);
        Schema = Schemas.Parse(Answer.Schema);
        Reader = new ReplyReader(Schema, Abstain);
        Truth = MakeTruth(chance);
    }

    /// <summary>A pack of a given question, with true answers by chance; the model may abstain.</summary>
    public FuzzWorld(int seed, int rows, FuzzObject answer, AnswerSchema schema)
    {
        (Seed, Rows, Abstain, Answer, Schema) = (seed, rows, true, answer, schema);
        Reader = new ReplyReader(Schema, Abstain);
        Truth = MakeTruth(new FuzzChance(new Random(seed), Marks));
    }

    public int Seed { get; }

    public int Rows { get; }

    public bool Abstain { get; }

    public FuzzObject Answer { get; }

    public AnswerSchema Schema { get; }

    public ReplyReader Reader { get; }

    /// <summary>The marks of the true answers.</summary>
    public FuzzMarks Marks { get; } = new();

    /// <summary>The true entries, by row.</summary>
    public IReadOnlyList<FuzzEntry> Truth { get; }

    /// <summary>A valid entry for a row, with marks of that kind.</summary>
    public FuzzEntry Entry(FuzzChance chance, int row, char kind)
    {
        chance.Row = row;
        var abstains = Abstain && chance.One(6);
        var entry = new FuzzEntry(FuzzMarks.Owner(kind, row), row) { Abstains = abstains };
        if (abstains)
        {
            var reason = $"{chance.Mark(kind)}: {chance.Of(["no idea", "\"?\"", "{}", "ü"])}";
            entry.Members.Add(new FuzzMember(ReplySchema.AbstainProperty, chance.Text(reason), null));
        }
        else
        {
            // What else is marked in another pack's entry belongs to that entry, not to the row of this pack with its number.
            var within = kind == 'f' ? entry.Owner : row;
            chance.Row = within;
            foreach (var member in Answer.Members(chance))
            {
                chance.Row = row;
                entry.Members.Add(member.Name == "mark" ? member with { Json = FuzzChance.Quote(chance.Mark(kind)) } : member);
                chance.Row = within;
            }

            chance.Row = row;
        }

        entry.Stored = Store(entry);
        return entry;
    }

    /// <summary>How an entry is stored; empty when it is not valid.</summary>
    public ReadOnlyMemory<byte> Store(FuzzEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Json());
        if (!entry.Abstains) return Schema.Check(document.RootElement).Json;
        var reason = document.RootElement.GetProperty(ReplySchema.AbstainProperty).GetString()!;
        return Encoding.UTF8.GetBytes(FuzzChance.Quote(reason.Trim()));
    }

    private List<FuzzEntry> MakeTruth(FuzzChance chance) => [.. Enumerable.Range(1, Rows).Select(row => Entry(chance, row, 'r'))];

    private static FuzzObject RandomAnswer(FuzzChance chance)
    {
        List<string> names = [.. s_names];
        chance.Shuffle(names);
        var properties = names.Take(chance.Next(0, 6)).Select(name => new FuzzProperty(name, Shape(chance, 0), chance.One(2))).ToList();
        if (chance.One(5)) properties.Add(new FuzzProperty("parts", Parts(chance), chance.One(2)));
        properties.Insert(chance.Next(0, properties.Count + 1), new FuzzProperty("mark", new FuzzMark('r', chance.One(2)), true));
        return new FuzzObject(properties, chance.One(3));
    }

    /// <summary>Answers within the answer, with ids and marks: what a reader that searches for entries must not take for one.</summary>
    private static FuzzShape Parts(FuzzChance chance)
    {
        var (id, mark) = (new FuzzProperty("id", new FuzzNumber(true, 0, 12, false), true), new FuzzProperty("mark", new FuzzMark('t', false), true));
        var part = new FuzzObject([id, mark], false);
        return chance.One(2) ? part : new FuzzList(part, 0, 3, false);
    }

    private static FuzzShape Shape(FuzzChance chance, int depth) => chance.Next(0, depth > 1 ? 6 : 11) switch
    {
        0 or 1 => new FuzzLabel(chance.Of(s_labels)),
        2 => new FuzzNumber(chance.One(2), chance.One(2) ? 0 : null, chance.One(2) ? 10 : null, chance.One(3)),
        3 => chance.One(3) ? new FuzzFlag() : new FuzzWords(0, 12),
        4 => new FuzzWords(chance.Next(0, 3), chance.Next(3, 80)),
        5 => chance.One(2)
            ? new FuzzPattern("^[A-Z]{2}-[0-9]{3}$", c => $"{(char)c.Next('A', 'Z')}Q-{c.Next(100, 1000)}")
            : new FuzzPattern("^[a-z]+( [a-z]+)*$", c => c.Of(["one", "two words", "and three words"])),
        6 => RandomObject(chance, depth),
        7 => new FuzzList(new FuzzLabel(chance.Of(s_labels)), chance.Next(0, 2), chance.Next(1, 3), true),
        8 => new FuzzList(Shape(chance, depth + 1), chance.Next(0, 2), chance.Next(1, 4), false),
        9 => new FuzzNullable(Shape(chance, depth + 1)),
        _ => new FuzzEither([Shape(chance, depth + 1), Shape(chance, depth + 1)]),
    };

    private static FuzzObject RandomObject(FuzzChance chance, int depth) => new(
        [.. Enumerable.Range(0, chance.Next(1, 4)).Select(i => new FuzzProperty(s_names[i], Shape(chance, depth + 1), chance.One(2)))], chance.One(3));
}
