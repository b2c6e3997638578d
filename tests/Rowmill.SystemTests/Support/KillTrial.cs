using Rowmill.KillKit;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>Takes one case from its first run through its kills to its end, and judges each step.</summary>
internal sealed class KillTrial(KillCase plan, KillReference reference) : IAsyncDisposable
{
    private const string OldOutput = "the output of an earlier run\n";

    private readonly Workshop _shop = new();
    private readonly List<LedgerEntry> _ledger = [];
    private readonly HashSet<string> _runs = new(StringComparer.Ordinal);
    private readonly List<KillFound> _kills = [];

    private ProgramResult? _unmet;

    // A cut tears by chance of its own, so that a case can be tried again alone.
    private readonly Random _random = new(plan.Number);

    private string StoreFolder => _shop.PathOf(".rowmill");

    private string[] Folders => [StoreFolder, _shop.PathOf("state/rowmill")];

    /// <summary>Runs it.</summary>
    /// <returns>What was found.</returns>
    public async Task<KillReport> RunAsync()
    {
        _shop.WriteSongs(plan.Rows);
        _shop.Write("out.csv", OldOutput);
        var options = new SimulatorOptions { Seed = KillReference.Seed, PoisonText = plan.Poison };
        var server = await _shop.SimulateAsync(options with { Script = plan.Script, Latency = plan.Latency, LatencyJitter = plan.Latency });
        _shop.WriteJob(server, new JobText { Pack = plan.Pack, Limits = $"concurrency: {plan.Concurrency}" });

        var check = new KillChecks(plan, reference);
        var stored = StoreLook.Empty;
        for (var i = 0; i < plan.Strokes.Count; i++)
        {
            var found = await StrikeAsync(server, plan.Strokes[i], i, stored, check);
            if (found is null) break;
            _kills.Add(found);
            stored = found.After;
        }

        var next = await _shop.ReplaceAsync(server, options);
        // A run whose moment did not come has gone to the end by itself.
        var result = _unmet ?? await _shop.RunAsync("run", "songs.yaml", "--json");
        var summary = result.Document();
        LedgerEntry[] all = [.. _ledger, .. next.Ledger];
        check.Ended(result, _kills, [.. all.Skip(_kills.Count == 0 ? 0 : _kills[^1].End)]);
        if (summary.Count("rows", "failed") > (plan.Poison is null ? 0 : 1))
        {
            // The faults of the killed runs took all tries of some row: that is no loss, as long as it can be asked again.
            check.GaveUp(_kills, [.. _ledger]);
            result = await _shop.RunAsync("run", "songs.yaml", "--retry", "failed", "--json");
        }

        check.Output(result, _shop.Read("out.csv"), Directory.GetFiles(_shop.Folder, "*.tmp", new EnumerationOptions { AttributesToSkip = FileAttributes.None }), Directory.GetFiles(StoreFolder));
        var twice = check.PaidTwice(_kills, [.. _ledger, .. next.Ledger]);
        return new KillReport(plan, _kills, twice, check.Beyond, check.Lost, check.Misplaced, check.Problems);
    }

    public ValueTask DisposeAsync() => _shop.DisposeAsync();

    /// <summary>Runs the program until it is killed; null when it ended before.</summary>
    private async Task<KillFound?> StrikeAsync(SimulatorServer server, KillStroke stroke, int index, StoreLook stored, KillChecks check)
    {
        var before = DiskImage.Of(Folders);
        var journal = $"journal {index}";
        var run = _shop.StartKit(stroke.Moment, journal, "run", "songs.yaml", "--json");
        if (stroke.Moment is null)
        {
            var already = server.Ended();
            await Until.TrueAsync(() => run.HasEnded || (server.Stats.Accepted > already && server.Ended() - already >= stroke.Ended), every: 1);
            if (!run.HasEnded) run.Kill();
        }

        var result = await run.EndAsync();
        await Until.TrueAsync(() => server.Stats.InFlight == 0);
        var asked = server.Ledger.Skip(_ledger.Count).ToList();
        _ledger.AddRange(asked);
        var history = new DiskHistory(before, DiskRecord.ReadAll(await File.ReadAllBytesAsync(_shop.PathOf(journal))));
        var now = DiskImage.Of(Folders);
        check.Witness(history.Missed(now), history, result);
        if (result.ExitCode != KillChecks.Killed)
        {
            _unmet = result;
            return null;
        }

        check.OutputAtKill(_shop.Read("out.csv"), OldOutput);

        var killed = HasTables(now) ? await StoreLook.AtAsync(_shop, now, StoreFolder, $"killed {index}") : StoreLook.Empty;
        var after = killed;
        if (stroke.Kind != KillKind.Kill)
        {
            var cut = stroke.Kind == KillKind.Power ? CutKind.Dropped : _random.Next(2) == 0 ? CutKind.Prefix : CutKind.Some;
            var left = history.AfterCut(cut, _random);
            left.PutBack(Folders);
            after = HasTables(left) ? await StoreLook.AtAsync(_shop, left, StoreFolder, $"after {index}") : StoreLook.Empty;
        }

        var calls = killed.Calls.Where(c => !_runs.Contains(c.Run)).ToList();
        var kept = after.Calls.Where(c => !_runs.Contains(c.Run)).ToList();
        _runs.UnionWith(calls.Select(c => c.Run));
        var found = new KillFound(stroke, _ledger.Count, asked, calls, kept, killed, after, history);
        check.Kill(found, stored);
        return found;
    }

    /// <summary>A file that never got its tables is none: the program would make them, and asking it would change what the next run finds.</summary>
    private bool HasTables(DiskImage image) => image.Files.Any(f => Path.GetDirectoryName(f.Key) == StoreFolder && f.Value.Length > 0);
}

/// <summary>What one kill left.</summary>
/// <param name="Stroke">The kill.</param>
/// <param name="End">The end of its run in the simulator's ledger.</param>
/// <param name="Asked">What the simulator saw of the run.</param>
/// <param name="Calls">What the store knew of the run's calls when it died.</param>
/// <param name="Kept">What it knows of them afterwards; less after a power cut.</param>
/// <param name="Killed">The store when the run died.</param>
/// <param name="After">The store that the next run finds.</param>
/// <param name="History">What the run did to its files.</param>
internal sealed record KillFound(
    KillStroke Stroke, int End, IReadOnlyList<LedgerEntry> Asked, IReadOnlyList<CallLine> Calls, IReadOnlyList<CallLine> Kept, StoreLook Killed,
    StoreLook After, DiskHistory History)
{
    /// <summary>Calls in flight at the kill: an intent is stored, no end.</summary>
    public int InFlight => Calls.Count(c => !c.Settled);

    /// <summary>Calls whose end was stored and is gone with the power.</summary>
    public int Unsynced => Calls.Count(c => c.Settled) - Kept.Count(c => c.Settled);

    /// <summary>Calls in doubt afterwards.</summary>
    public int Doubt => Kept.Count(c => !c.Settled);

    /// <summary>Calls that were paid for and have no end in the store.</summary>
    public int Truth => Asked.Count(e => e.Billed) - Kept.Count(c => c is { Settled: true, Outcome: "replied" });
}

/// <summary>A case's figures and problems.</summary>
internal sealed record KillReport(
    KillCase Plan, IReadOnlyList<KillFound> Kills, int PaidTwice, int Beyond, int Lost, int Misplaced, IReadOnlyList<string> Problems)
{
    /// <summary>A case that came to no end.</summary>
    public static KillReport Broken(KillCase plan, Exception why) => new(plan, [], 0, 0, 0, 0, [why.ToString()]);
}
