using Rowmill.Core.Runs;
using Rowmill.KillKit;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>Which kills are tried: every moment in turn with every kind of kill, everything else by a seed.</summary>
internal static class KillPlan
{
    /// <summary>Faults in one request of so many; half as many where a request holds one row, which has but a few tries.</summary>
    private const double FaultRate = 0.16;

    /// <summary>The script covers so many times the requests of a run without faults.</summary>
    private const int ScriptLength = 4;

    private const string Requests = "requests";

    // Files and what is done to them; the store's log above all, whose writes lie within commits.
    private static readonly (string What, int Most)[] s_fileMoments =
    [
        ("rowmill.db-wal/Write", 150), ("rowmill.db-wal/SyncBegan", 3), ("limits.db-wal/Write", 25), ("rowmill.db-wal/SyncEnded", 3),
        ("rowmill.db/Write", 12), ("rowmill.db-journal/Delete", 1), ("rowmill.db-wal/Delete", 1), ("rowmill.db/SyncBegan", 2),
    ];

    private static readonly (string Name, SimulatorFault[] Faults)[] s_faults =
    [
        ("none", []), ("malformed", [SimulatorFault.BadJson]), ("missing rows", [SimulatorFault.Incomplete]), ("duplicate ids", [SimulatorFault.DuplicateId]),
        ("foreign ids", [SimulatorFault.ForeignId]), ("truncated", [SimulatorFault.Truncate]), ("5xx", [SimulatorFault.Http500, SimulatorFault.Http503]),
        ("drops", [SimulatorFault.Drop]), ("poison", []),
        ("all", [SimulatorFault.BadJson, SimulatorFault.Incomplete, SimulatorFault.DuplicateId, SimulatorFault.ForeignId, SimulatorFault.Truncate, SimulatorFault.Http500, SimulatorFault.Drop]),
    ];

    private static readonly (int Pack, int Rows)[] s_packs = [(5, 120), (1, 48), (20, 240)];
    private static readonly int[] s_concurrencies = [4, 8, 1];

    /// <summary>Every transition once, and a few others: what the ordinary run has time for.</summary>
    public static IReadOnlyList<KillCase> Sample(int seed)
    {
        var cases = new List<KillCase>();
        var places = new List<string>([.. Enum.GetNames<Transition>(), "rowmill.db-wal/Write", "rowmill.db-wal/SyncEnded", Requests, nameof(Transition.OutcomeStored)]);
        for (var i = 0; i < places.Count; i++) cases.Add(Make(i + 1, places[i], (KillKind)(i % 3), new Random(seed + i), twice: i == places.Count - 1));
        return cases;
    }

    /// <summary>So many cases that there are at least so many kills, should each be met.</summary>
    public static IReadOnlyList<KillCase> Long(int seed, int kills)
    {
        string[] places = [.. Enum.GetNames<Transition>(), .. s_fileMoments.Select(m => m.What), Requests, Requests];
        var cases = new List<KillCase>();
        for (var i = 0; cases.Sum(c => c.Strokes.Count) < kills; i++)
        {
            var kind = (KillKind)((i + i / places.Length) % 3);
            cases.Add(Make(i + 1, places[i % places.Length], kind, new Random(seed + i), twice: i % 4 == 3));
        }

        return cases;
    }

    private static KillCase Make(int number, string place, KillKind kind, Random random, bool twice)
    {
        var (pack, rows) = s_packs[number % 3 == 0 ? random.Next(3) : number % 3];
        var concurrency = s_concurrencies[random.Next(3)];
        var (fault, faults) = s_faults[(number + number / s_faults.Length) % s_faults.Length];
        var calls = rows / pack;
        var rate = pack == 1 ? FaultRate / 2 : FaultRate;
        // Every other power cut comes so late that the disk must have had its second.
        var seconds = kind != KillKind.Kill && random.Next(2) == 0 ? 2.5 : 0.4;
        var strokes = new List<KillStroke> { Stroke(place, kind, calls, random) };
        if (twice) strokes.Add(Stroke(Enum.GetNames<Transition>()[random.Next(Enum.GetNames<Transition>().Length)], (KillKind)random.Next(3), Math.Max(1, calls / 3), random));
        return new KillCase(number)
        {
            Rows = rows,
            Pack = pack,
            Concurrency = concurrency,
            Fault = fault,
            Script = faults.Length == 0 ? [] : [.. Enumerable.Range(0, ScriptLength * calls).Select(_ => random.NextDouble() < rate ? faults[random.Next(faults.Length)] : SimulatorFault.None)],
            Poison = fault == "poison" ? Workshop.Title(1 + random.Next(rows)) : null,
            Latency = TimeSpan.FromSeconds(seconds * concurrency / calls / 1.5),
            Strokes = strokes,
        };
    }

    private static KillStroke Stroke(string place, KillKind kind, int calls, Random random)
    {
        if (place == Requests) return new KillStroke(kind, null, random.Next(calls));
        if (!Enum.TryParse<Transition>(place, out var transition))
        {
            var most = s_fileMoments.First(m => m.What == place).Most;
            return new KillStroke(kind, new KillMoment(place, random.Next(1, most + 1)));
        }

        var perCall = transition is >= Transition.Reserved and <= Transition.Counted;
        // Half of them strike between two moments; the output is written within the first milliseconds after the asking.
        var most2 = transition == Transition.AskingEnded ? 20_000 : 3_000;
        var delay = random.Next(2) == 0 ? 0 : random.Next(1, most2);
        return new KillStroke(kind, new KillMoment(place, perCall ? random.Next(1, calls + 1) : 1, delay));
    }
}
