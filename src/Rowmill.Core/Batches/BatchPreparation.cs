using System.Text.Json.Nodes;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>
/// Writes the request files for the rows that are in none yet: one pass over the source, packed like single requests, cut under every cap. Nothing
/// is sent.
/// </summary>
/// <param name="work">The job.</param>
/// <param name="forFile">True for one file that another machine runs, whatever its size.</param>
internal sealed class BatchPreparation(BatchWork work, bool forFile = false)
{
    private readonly Dictionary<RowKey, Ask> _rests = [];
    private readonly Dictionary<RowKey, Group> _groups = [];
    private readonly List<(BatchRest Left, IReadOnlyList<RowKey> Rows)> _used = [];
    private readonly HashSet<RowKey> _placed = [];
    private readonly List<BatchRecord> _written = [];
    private readonly Dictionary<BatchRoute, Open> _open = [];
    private string _prefix = "";
    private int _begun;
    private decimal? _money;
    private decimal _spent;

    /// <summary>True when the job's money, and not its rows, ended the last preparation.</summary>
    public bool OutOfMoney { get; private set; }

    /// <summary>Rows for which no model with a batch API is left, but one without.</summary>
    public long ForOnline { get; private set; }

    /// <summary>Prepares batches.</summary>
    /// <param name="stage">The stage they are of; 0 for none.</param>
    /// <param name="mostRows">At most so many rows that were in no batch before; null for all there are.</param>
    /// <returns>The batches, in the order they are to be sent.</returns>
    public async Task<IReadOnlyList<BatchRecord>> RunAsync(int stage, long? mostRows)
    {
        var cancel = work.Run.Stop.Stopping;
        _money = await work.MoneyLeftAsync().ConfigureAwait(false) - work.In(BatchPhase.Prepared).Sum(r => r.MaxUsd ?? 0);
        _prefix = BatchNaming.Prefix(work.Plan.Job.Name, work.Environment.Chance);
        _begun = work.Records.Count(r => r.Name.StartsWith(_prefix, StringComparison.Ordinal));
        await ReadRestsAsync(cancel).ConfigureAwait(false);
        using var intake = new BatchIntake(work, _rests);
        try
        {
            var fresh = 0L;
            await foreach (var ask in intake.ReadAsync(cancel).ConfigureAwait(false))
            {
                if (OutOfMoney) break;
                if (_rests.ContainsKey(ask.Key)) await GatherAsync(ask, stage).ConfigureAwait(false);
                else if (mostRows is null || fresh < mostRows)
                {
                    fresh++;
                    await PackAsync(ask, stage).ConfigureAwait(false);
                }
                else if (_rests.Count == 0) break;
            }

            foreach (var group in _groups.Values.Distinct().ToList()) await SendAsync(group, stage).ConfigureAwait(false);
            foreach (var (route, open) in _open) await WriteAsync(route, open.Take(), stage).ConfigureAwait(false);
            foreach (var (_, open) in _open)
                if (open.Writer is { Lines: > 0 } writer) await FinishAsync(writer).ConfigureAwait(false);
            // One of which a row is neither in a line nor ended is kept.
            var done = _used.FindAll(u => u.Rows.All(row => _placed.Contains(row) || intake.Ended.Contains(row))).ConvertAll(u => u.Left);
            if (done.Count > 0) await work.Environment.Batches.ForgetRestsAsync(work.Run.Lease, done, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            foreach (var (_, open) in _open)
                if (open.Writer is { } writer) await writer.DisposeAsync().ConfigureAwait(false);
        }

        return _written;
    }

    private async ValueTask ReadRestsAsync(CancellationToken cancel)
    {
        await foreach (var rest in work.Environment.Batches.RestsAsync(work.Plan.Job.Name, work.Run.Question, cancel).ConfigureAwait(false))
        {
            if (_rests.Count >= BatchWork.MostRests) break;
            var packs = BatchPast.Read(rest.Rest);
            _used.Add((rest, [.. packs.SelectMany(p => p.Rows).Select(r => r.Key)]));
            foreach (var pack in packs)
            {
                var group = pack.Together ? new Group(pack) : null;
                foreach (var row in pack.Rows)
                {
                    _rests[row.Key] = row;
                    if (group is not null) _groups[row.Key] = group;
                }
            }
        }
    }

    /// <summary>A row that an earlier batch left: it goes with those that it is to go with, once all of them are there, or else with any.</summary>
    private async ValueTask GatherAsync(Ask ask, int stage)
    {
        if (!_groups.TryGetValue(ask.Key, out var group))
        {
            await PackAsync(ask, stage).ConfigureAwait(false);
            return;
        }

        group.Rows.Add(ask);
        if (group.Rows.Count == group.Past.Rows.Count) await SendAsync(group, stage).ConfigureAwait(false);
    }

    private async ValueTask SendAsync(Group group, int stage)
    {
        foreach (var row in group.Past.Rows) _groups.Remove(row.Key);
        if (group.Rows.Count == 0) return;
        var pack = new Pack([.. group.Rows]) { Poor = group.Past.Poor, Suspect = group.Past.Suspect };
        while (RouteFor(pack.Rows[0]) is { } route)
        {
            if (route.State.Part(pack) is not { } part) return; // too large for the model as it is known now: pending, and told by the next plan
            await WriteAsync(route, part, stage, group.Past.Outages).ConfigureAwait(false);
            if (part.Rows.Count == pack.Rows.Count) return;
            pack = pack.Without(part);
        }

        ForOnline += pack.Rows.Count;
    }

    private async ValueTask PackAsync(Ask ask, int stage)
    {
        if (RouteFor(ask) is not { } route)
        {
            ForOnline++;
            return;
        }

        if (!_open.TryGetValue(route, out var open)) _open[route] = open = new Open();
        if (open.Rows.Count > 0 && !route.State.Sizer.Fills(open.Rows.Count + 1, open.Tokens + ask.Tokens))
            await WriteAsync(route, open.Take(), stage).ConfigureAwait(false);
        open.Add(ask);
    }

    /// <summary>The first model with a batch API that takes the row and has not ended on it.</summary>
    private BatchRoute? RouteFor(Ask ask)
    {
        foreach (var route in work.Routes)
            if (!ask.Past.EndedOn.Contains(route.State.Id) && route.State.Parked is null && route.State.Takes(ask)) return route;
        return null;
    }

    private async ValueTask WriteAsync(BatchRoute route, Pack? pack, int stage, int outages = 0)
    {
        if (pack is null || OutOfMoney) return;
        if (!_open.TryGetValue(route, out var open)) _open[route] = open = new Open();
        var demand = route.State.Demand(pack);
        var usd = route.State.Route.Price?.Of(new Models.TokenUsage(demand.InputTokens, 0, demand.OutputTokens)) ?? 0;
        if (_spent + usd > _money)
        {
            OutOfMoney = true;
            return;
        }

        open.Writer ??= await BeginAsync(route, stage).ConfigureAwait(false);
        if (!await open.Writer.AddAsync(pack, outages).ConfigureAwait(false))
        {
            await FinishAsync(open.Writer).ConfigureAwait(false);
            await open.Writer.DisposeAsync().ConfigureAwait(false);
            open.Writer = await BeginAsync(route, stage).ConfigureAwait(false);
            await open.Writer.AddAsync(pack, outages).ConfigureAwait(false);
        }

        _spent += usd;
        foreach (var row in pack.Rows)
            if (_rests.ContainsKey(row.Key)) _placed.Add(row.Key);
    }

    private async ValueTask<BatchWriter> BeginAsync(BatchRoute route, int stage)
    {
        var queue = await work.Environment.Windows.QueueAsync(route.Owner, route.Route.Limits).ConfigureAwait(false);
        var most = forFile ? new BatchSize(int.MaxValue, long.MaxValue, long.MaxValue)
            : new BatchSize(route.Client.Caps.Lines, route.Client.Caps.Bytes, BatchRoute.MostTokens(queue));
        _begun++;
        return new BatchWriter(work, route, most, stage, BatchNaming.Batch(_prefix, _begun));
    }

    private async ValueTask FinishAsync(BatchWriter writer)
    {
        var record = await writer.FinishAsync(forFile ? BatchPhase.Handed : BatchPhase.Prepared).ConfigureAwait(false);
        _written.Add(record);
        work.Run.Pass(Transition.BatchPrepared);
        work.Run.Events.Emit("batch_prepared", new JsonObject
        {
            ["batch"] = record.Name,
            ["requests"] = record.Lines,
            ["rows"] = record.Rows,
            ["bytes"] = record.Bytes,
            ["stage"] = record.Stage,
        });
    }

    /// <summary>Rows that are to be asked together, as far as the source has shown them.</summary>
    private sealed class Group(RestPack past)
    {
        public RestPack Past { get; } = past;

        public List<Ask> Rows { get; } = [];
    }

    /// <summary>What is being filled for a route: a pack, and the batch it goes into.</summary>
    private sealed class Open
    {
        public List<Ask> Rows { get; } = [];

        public int Tokens { get; private set; }

        public BatchWriter? Writer { get; set; }

        public void Add(Ask ask)
        {
            Rows.Add(ask);
            Tokens += ask.Tokens;
        }

        public Pack? Take()
        {
            if (Rows.Count == 0) return null;
            var pack = new Pack([.. Rows]);
            Rows.Clear();
            Tokens = 0;
            return pack;
        }
    }
}
