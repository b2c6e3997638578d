using System.Globalization;

namespace Rowmill.Tests.Replies;

/// <summary>A member of an entry.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Json">Its value.</param>
/// <param name="Property">What the schema says of it; null for an extra one.</param>
internal sealed record FuzzMember(string Name, string Json, FuzzProperty? Property);

/// <summary>What a reader must make of an entry that stands whole in a whole reply.</summary>
internal enum FuzzGrade
{
    /// <summary>It is accepted, and stored like the untouched one.</summary>
    Good,

    /// <summary>It may be accepted; then as its own row's answer.</summary>
    Doubtful,

    /// <summary>It is refused.</summary>
    Bad,
}

/// <summary>An entry of a reply.</summary>
/// <param name="owner">Whose entry it is: the row, or for other packs and drafts a number of their own.</param>
/// <param name="row">The row it answers, before anything is done to it.</param>
internal sealed class FuzzEntry(int owner, int row)
{
    public int Owner => owner;

    /// <summary>The id as JSON; null when there is none.</summary>
    public string? Id { get; set; } = row.ToString(CultureInfo.InvariantCulture);

    /// <summary>A second id: at the end, or within an entry that stands under a key. Null when there is none.</summary>
    public string? SecondId { get; set; }

    /// <summary>The row the entry literally names; null when it names none, or no one row.</summary>
    public int? Says { get; set; } = row;

    public FuzzGrade Grade { get; private set; }

    /// <summary>Whether it abstains and answers: then it may be taken for either, whatever is wrong with the answer.</summary>
    public bool Hedges { get; private set; }

    public bool Abstains { get; init; }

    public List<FuzzMember> Members { get; init; } = [];

    /// <summary>Where among the members the id stands.</summary>
    public int IdAt { get; set; }

    /// <summary>What stands there instead of the entry; null when it does.</summary>
    public string? Instead { get; set; }

    /// <summary>How it is stored when it is accepted.</summary>
    public ReadOnlyMemory<byte> Stored { get; set; }

    /// <summary>The mark that the entry bears; empty for an abstention.</summary>
    public string Mark => Members.Find(m => m.Name == "mark") is { } member ? FuzzMarks.In(FuzzLiteral.Texts(member.Json)).FirstOrDefault("") : "";

    /// <summary>The mark that the entry bears, or that its abstention names.</summary>
    public string OwnMark => Abstains ? FuzzMarks.In(Members[0].Json).First() : Mark;

    public FuzzEntry Copy() => new(owner, row)
    {
        Id = Id,
        SecondId = SecondId,
        Says = Says,
        Grade = Grade,
        Abstains = Abstains,
        Members = [.. Members],
        IdAt = IdAt,
        Instead = Instead,
        Stored = Stored,
        Hedges = Hedges,
    };

    /// <summary>Lowers the grade.</summary>
    public void Spoil(FuzzGrade grade) => Grade = Hedges ? FuzzGrade.Doubtful : (FuzzGrade)Math.Max((int)Grade, (int)grade);

    /// <summary>Lets it abstain as well.</summary>
    public void Hedge(string reason)
    {
        Members.Add(new FuzzMember("abstain", FuzzChance.Quote(reason), null));
        (Hedges, Grade) = (true, FuzzGrade.Doubtful);
    }

    /// <summary>The entry as JSON, without an id.</summary>
    public string Json() => Json(new FuzzStyle(), keyed: true);

    /// <summary>The entry as JSON.</summary>
    /// <param name="style">Blanks and commas.</param>
    /// <param name="keyed">Whether its id is the key it stands under.</param>
    public string Json(FuzzStyle style, bool keyed)
    {
        if (Instead is not null) return Instead;
        var members = Members.Select(m => $"{FuzzChance.Quote(m.Name)}{style.Colon}{m.Json}").ToList();
        if (!keyed && Id is not null) members.Insert(Math.Min(IdAt, members.Count), $"\"id\"{style.Colon}{Id}");
        if (SecondId is not null) members.Add($"\"id\"{style.Colon}{SecondId}");
        return $"{{{style.Open}{string.Join(style.Comma, members)}{(members.Count == 0 ? "" : style.Last)}{style.Close}}}";
    }
}

/// <summary>How JSON is laid out.</summary>
internal sealed record FuzzStyle(string Open = "", string Comma = ",", string Colon = ":", string Last = "", string Close = "")
{
    /// <summary>Layouts as models write them.</summary>
    public static FuzzStyle[] Usual { get; } =
    [
        new(), new(), new(Comma: ", ", Colon: ": "), new("\n    ", ",\n    ", ": ", "", "\n  "), new(" ", ", ", " : ", "", " "),
        new("\r\n\t", ",\r\n\t", ":", "", "\r\n"),
    ];
}
