using Rowmill.Core.Runs;
using Rowmill.KillKit;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>What must hold after kills; everything that does not is gathered.</summary>
internal sealed class KillChecks(KillCase plan, KillReference reference)
{
    /// <summary>The exit code of a process that SIGKILL ended.</summary>
    public const int Killed = 128 + 9;

    /// <summary>
    /// Beats of the process within which what it wrote must be on the disk: a second of them (20), and half a second for threads
    /// that take turns.
    /// </summary>
    private const int BeatsToSync = 30;

    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Rows of the table without an end, or with a wrong one.</summary>
    public int Lost { get; private set; }

    /// <summary>Answers that are not their row's.</summary>
    public int Misplaced { get; private set; }

    /// <summary>Calls paid twice that were neither in flight nor of the power cut's last second.</summary>
    public int Beyond { get; private set; }

    /// <summary>The journal tells all that happened to the files.</summary>
    public void Witness(IEnumerable<string> missed, DiskHistory history, ProgramResult result)
    {
        _problems.AddRange(missed);
        Require(history.Count("rowmill.db-wal", DiskRecordKind.SyncEnded) > 0 || result.ExitCode == Killed, "a whole run without an fsync");
        Require(result.ExitCode is Killed or 0 or 3, $"the run ended with {result.ExitCode}: {result.Error}");
    }

    /// <summary>The output is the old one or the new one.</summary>
    public void OutputAtKill(string text, string old)
    {
        if (text == old) return;
        var table = CsvTable.Parse(text);
        Require(text.EndsWith('\n') && table.Count == plan.Rows + 1 && table.All(r => r.Count == table[0].Count), "the output is torn");
    }

    /// <summary>What one kill left.</summary>
    /// <param name="kill">That.</param>
    /// <param name="stored">What the store held when its run began.</param>
    public void Kill(KillFound kill, StoreLook stored)
    {
        var (killed, after) = (kill.Killed, kill.After);
        foreach (var (title, line) in killed.Rows.Concat(after.Rows)) Own(title, line);
        foreach (var title in after.Answered.Where(t => !killed.Answered.Contains(t))) _problems.Add($"{title} has an answer that was not there before the cut");
        foreach (var title in stored.Answered.Where(t => !after.Answered.Contains(t))) _problems.Add($"{title} had its answer before this run began");
        foreach (var title in kill.Asked.Titles().Where(stored.Answered.Contains)) _problems.Add($"{title} was asked again though it was stored");

        // A reply's answers and the end of its call are stored together or not at all.
        Require(Good(killed) == killed.Answered.Count, $"{Good(killed)} good rows in the ledger, {killed.Answered.Count} answers in the store");
        Require(Good(after) == after.Answered.Count, $"after the cut {Good(after)} good rows in the ledger, {after.Answered.Count} answers in the store");
        foreach (var entry in kill.Asked.Where(e => e.Outcome == "ok"))
        {
            var there = entry.Titles().Count(killed.Answered.Contains);
            Require(there == 0 || there == entry.Rows.Count, $"{there} of {entry.Rows.Count} answers of one reply are stored");
        }

        // What was passed is stored: the intent before the call leaves, the answers before they are counted.
        var settled = kill.Calls.Count(c => c.Settled);
        Require(kill.History.Passed(nameof(Transition.IntentStored)) <= kill.Calls.Count, "a call left without an intent");
        Require(kill.Asked.Count <= kill.Calls.Count, $"the simulator saw {kill.Asked.Count} requests, the ledger knows {kill.Calls.Count}");
        Require(kill.History.Passed(nameof(Transition.OutcomeStored)) <= settled, "an outcome was not stored when it should have been");
        Require(kill.History.Passed(nameof(Transition.Counted)) <= settled, "a call was counted before it was stored");

        Require(kill.InFlight <= plan.Concurrency, $"{kill.InFlight} calls in flight, {plan.Concurrency} allowed");
        Require(kill.Doubt >= kill.Truth, $"{kill.Doubt} calls in doubt, but {kill.Truth} were paid for without an end");
        Require(kill.Doubt <= kill.InFlight + kill.Unsynced, $"{kill.Doubt} calls in doubt, {kill.InFlight} were in flight and {kill.Unsynced} not on the disk");
        var late = kill.History.Unsynced("rowmill.db-wal");
        Require(late <= BeatsToSync, $"what was written {late / (double)DiskRecord.BeatsPerSecond:0.0} s ago is not on the disk");
    }

    /// <summary>The resumed run.</summary>
    public void Ended(ProgramResult result, IReadOnlyList<KillFound> kills, IReadOnlyList<LedgerEntry> resumed)
    {
        var summary = result.Document();
        Require(result.ExitCode is 0 or 3, $"the resumed run ended with {result.ExitCode}: {result.Error}");
        Require(summary.Count("rows", "pending") == 0, $"{summary.Count("rows", "pending")} rows are pending");
        if (kills.Count == 0) return;
        var last = kills[^1];
        foreach (var title in resumed.Titles().Where(last.After.Answered.Contains)) _problems.Add($"{title} was asked again though it was stored");
        Require(summary.Count("rows", "from_cache") == last.After.Answered.Count, "stored answers are not taken from the store");

        var (doubt, least) = (summary.Count("in_doubt", "calls"), last.Truth);
        Require(doubt >= least, $"in_doubt is {doubt}, but {least} calls were paid for without an end");
        Require(doubt <= last.After.Open, $"in_doubt is {doubt}, but only {last.After.Open} calls have no end");
    }

    /// <summary>Rows failed under the faults: each had a bad reply.</summary>
    public void GaveUp(IReadOnlyList<KillFound> kills, IReadOnlyList<LedgerEntry> before)
    {
        foreach (var title in kills.Count == 0 ? [] : kills[^1].After.Rows.Keys.Where(t => t != plan.Poison && !kills[^1].After.Answered.Contains(t)))
        {
            Require(before.Any(e => e.Outcome != "ok" && e.Titles().Contains(title)), $"{title} failed without a bad reply");
        }
    }

    /// <summary>The output at the end, and what lies around.</summary>
    public void Output(ProgramResult result, string text, IReadOnlyList<string> temporary, IReadOnlyList<string> files)
    {
        Require(result.ExitCode == (plan.Poison is null ? 0 : 3), $"the last run ended with {result.ExitCode}: {result.Error}");
        Require(temporary.Count == 0, $"left behind: {string.Join(", ", temporary.Select(Path.GetFileName))}");
        Require(files.All(f => Path.GetFileName(f).StartsWith("rowmill.db", StringComparison.Ordinal)), $"left behind: {string.Join(", ", files.Select(Path.GetFileName))}");
        var table = CsvTable.Parse(text);
        Require(table.Count == plan.Rows + 1, $"{table.Count - 1} rows in the output, {plan.Rows} in the table");
        for (var i = 1; i <= plan.Rows; i++)
        {
            var row = i < table.Count ? table[i] : [];
            if (row.SequenceEqual(reference.Table[i])) continue;
            if (row.Count > 0 && row[0] == plan.Poison && row[0] == Workshop.Title(i) && row.Contains("failed")) continue;
            if (row.Contains("answered")) Misplaced++;
            else Lost++;
        }

        Require(Lost == 0, $"{Lost} rows lost");
        Require(Misplaced == 0, $"{Misplaced} answers are not their row's");
    }

    /// <summary>Calls of killed runs whose answers were paid for, and then asked and paid for again.</summary>
    public int PaidTwice(IReadOnlyList<KillFound> kills, IReadOnlyList<LedgerEntry> all)
    {
        var twice = 0;
        foreach (var kill in kills)
        {
            var later = all.Skip(kill.End).Where(Paid).SelectMany(e => e.Titles()).ToHashSet(StringComparer.Ordinal);
            var calls = kill.Asked.Count(e => Paid(e) && e.Titles().Any(later.Contains));
            Require(calls <= kill.InFlight + kill.Unsynced, $"{calls} calls were paid twice, {kill.InFlight} were in flight and {kill.Unsynced} not on the disk");
            Beyond += Math.Max(0, calls - kill.InFlight - kill.Unsynced);
            twice += calls;
        }

        return twice;

        // A client that is gone has been charged for a reply that nobody read.
        static bool Paid(LedgerEntry entry) => entry.Billed && entry.Outcome is "ok" or "client_gone";
    }

    private static int Good(StoreLook look) => look.Calls.Sum(c => c.GoodRows);

    private void Own(string title, string line)
    {
        if (reference.Lines[title] == line || !line.Contains("\"answered\"", StringComparison.Ordinal)) return;
        Misplaced++;
        _problems.Add($"{title} has another answer: {line}");
    }

    private void Require(bool holds, string otherwise)
    {
        if (!holds) _problems.Add(otherwise);
    }
}
