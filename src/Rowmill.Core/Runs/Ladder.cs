using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>The steps of the ladder, in their order; the name of each, in snake_case, is its event's kind.</summary>
internal enum LadderStep
{
    /// <summary>Rows that a reply left out are asked again with others; a pack that brought little is asked again as it is.</summary>
    AskedAgain,

    /// <summary>A pack is asked in two halves.</summary>
    Split,

    /// <summary>A row is asked alone.</summary>
    Alone,

    /// <summary>A row has ended on a model and goes to the next.</summary>
    NextModel,

    /// <summary>No model is left.</summary>
    RowFailed,
}

/// <summary>What a request came to, as far as it concerns the rows it left without an answer.</summary>
/// <param name="Route"><see cref="Models.Route.Id"/> of the model asked.</param>
/// <param name="IsPointless">True when the same would come of asking the same again: several rows are split at once, one alone ends here.</param>
/// <param name="Room">Reply tokens to give a row alone the next time; 0 for as many as now.</param>
/// <param name="IsSuspect">True when the rows seem to break the service.</param>
/// <param name="InBatch">True for a line of a batch: the next try is hours away, so fewer steps are taken, and larger ones.</param>
internal readonly record struct Came(string Route, bool IsPointless, int Room = 0, bool IsSuspect = false, bool InBatch = false);

/// <summary>A row that took a step, and what it has been through then.</summary>
internal readonly record struct Climbed(Ask Row, RowPast Past);

/// <summary>One step that some rows take.</summary>
/// <param name="Step">Which.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Packs">The packs to ask them in; empty where they wait for others to be asked with, and where they failed.</param>
internal sealed record LadderMove(LadderStep Step, IReadOnlyList<Climbed> Rows, IReadOnlyList<Pack> Packs);

/// <summary>
/// The bounded way from a request to an end for every row: what is good is kept; the rest is asked again, with others that were left out;
/// a pack that brings less than half is asked again once and then split in halves, down to single rows; a row alone gets a few tries, then
/// the next model; where none is left it is failed with its last reason. Limits and outages never climb it.
/// </summary>
/// <remarks>
/// One row that spoils every pack of n it is in costs, on one model, at most 2⌈log₂ n⌉ + 5 calls more than a whole pack: one for asking
/// the whole again, two for each halving, four more tries alone. Partial replies do not raise that: every call leaves at most half of the
/// rows, or the next one does.
/// </remarks>
internal static class Ladder
{
    /// <summary>Requests with the same rows before they are split, each of which brought less than half of the answers.</summary>
    public const int TriesTogether = 2;

    /// <summary>Replies that may leave a row out and answer others before it goes by itself, or with those that were left out with it.</summary>
    public const int TimesLeftOut = 2;

    /// <summary>Requests a row alone gets on one model for what may pass.</summary>
    public const int TriesAlone = 5;

    /// <summary>The same in batches.</summary>
    public const int TriesAloneInBatches = 3;

    /// <summary>Parts into which a pack is split: halves find a single bad row with the fewest calls.</summary>
    private const int Parts = 2;

    /// <summary>The same in batches: a pack of twenty is down to single rows in two steps.</summary>
    private const int PartsInBatches = 5;

    /// <summary>A row alone whose reply was cut short gets so many times the room: a model's output limit is reached in a few tries.</summary>
    public const int MoreRoom = 4;

    /// <summary>The next steps.</summary>
    /// <param name="asked">The pack that was asked.</param>
    /// <param name="rest">Its rows without a valid answer, at least one.</param>
    /// <param name="came">What came of it.</param>
    /// <param name="isTaken">Whether any model takes a row that has ended on these routes.</param>
    public static IReadOnlyList<LadderMove> Next(Pack asked, IReadOnlyList<Ask> rest, Came came, Func<Ask, IReadOnlyList<string>, bool> isTaken)
    {
        if (asked.Rows.Count == 1) return [AfterOneAlone(rest[0], came, isTaken)];
        if (came.IsPointless) return [Split(rest, asked.Suspect || came.IsSuspect, came.InBatch)];
        if (2 * rest.Count <= asked.Rows.Count) return LeftOut(rest, asked.Suspect);
        return came.InBatch || asked.Poor + 1 >= TriesTogether
            ? [Split(rest, asked.Suspect, came.InBatch)]
            : [Together(LadderStep.AskedAgain, [new Pack(rest) { Poor = asked.Poor + 1, Suspect = asked.Suspect }])];
    }

    private static LadderMove AfterOneAlone(Ask row, Came came, Func<Ask, IReadOnlyList<string>, bool> isTaken)
    {
        var past = row.Past with { TriesAlone = row.Past.TriesAlone + 1, Room = Math.Max(came.Room, row.Past.Room) };
        if (!came.IsPointless && past.TriesAlone < (came.InBatch ? TriesAloneInBatches : TriesAlone)) return new LadderMove(LadderStep.Alone, [new Climbed(row, past)], [new Pack([row])]);
        past = RowPast.None with { EndedOn = [.. past.EndedOn, came.Route] };
        return new LadderMove(isTaken(row, past.EndedOn) ? LadderStep.NextModel : LadderStep.RowFailed, [new Climbed(row, past)], []);
    }

    /// <summary>
    /// Rows whose neighbours were answered: most were left out by chance, and go with others of their kind. Those left out again go by
    /// themselves.
    /// </summary>
    private static List<LadderMove> LeftOut(IReadOnlyList<Ask> rest, bool suspect)
    {
        var moves = new List<LadderMove>();
        var climbed = rest.Select(row => new Climbed(row, row.Past with { LeftOut = row.Past.LeftOut + 1 })).ToList();
        var once = climbed.FindAll(c => c.Past.LeftOut < TimesLeftOut);
        var again = climbed.FindAll(c => c.Past.LeftOut >= TimesLeftOut);
        if (once.Count > 0) moves.Add(new LadderMove(LadderStep.AskedAgain, once, []));
        if (again.Count == 0) return moves;
        var pack = new Pack([.. again.Select(c => c.Row)]) { Poor = TriesTogether - 1, Suspect = suspect };
        moves.Add(new LadderMove(again.Count == 1 ? LadderStep.Alone : LadderStep.AskedAgain, again, [pack]));
        return moves;
    }

    private static LadderMove Split(IReadOnlyList<Ask> rest, bool suspect, bool inBatch)
    {
        if (rest.Count == 1) return Together(LadderStep.Alone, [Part(rest)]);
        var parts = inBatch ? PartsInBatches : Parts;
        return Together(LadderStep.Split, [.. rest.Chunk((rest.Count + parts - 1) / parts).Select(Part)]);

        // A part that brings little, too, is split at once: these rows have been asked together often enough.
        Pack Part(IEnumerable<Ask> rows) => new([.. rows]) { Poor = TriesTogether - 1, Suspect = suspect };
    }

    private static LadderMove Together(LadderStep step, IReadOnlyList<Pack> packs) =>
        new(step, [.. packs.SelectMany(p => p.Rows).Select(row => new Climbed(row, row.Past))], packs);
}
