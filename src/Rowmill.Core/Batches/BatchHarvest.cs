using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Questions;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>What the results of one batch held.</summary>
internal sealed class BatchSeen
{
    /// <summary>Rows in lines that were taken through.</summary>
    public long Rows;

    /// <summary>Of them those with a valid answer or abstention.</summary>
    public long Good;

    /// <summary>Lines that were taken through.</summary>
    public long Taken;

    /// <summary>Lines that brought a reply.</summary>
    public long Replied;

    /// <summary>Lines that the service called wrong.</summary>
    public long Wrong;

    /// <summary>Its words on the last of them.</summary>
    public string? WrongWords;

    /// <summary>Lines that the service never took through, as it says itself.</summary>
    public long NotRun;

    /// <summary>Lines that no result names although the batch is complete.</summary>
    public long Missing;

    /// <summary>Results for a line that has ended.</summary>
    public long Duplicate;

    /// <summary>Results of other batches, or of none.</summary>
    public long Foreign;

    /// <summary>Lines that are no results at all.</summary>
    public long Unreadable;

    /// <summary>Number of the first of them in its file, from 1; 0 for none.</summary>
    public long FirstUnreadable;
}

/// <summary>Reads result files: every line is joined to its request by id, settled in the ledger, and its rows go the way of every reply.</summary>
/// <param name="work">The job.</param>
internal sealed class BatchHarvest(BatchWork work)
{
    /// <summary>Lines looked up and stored at a time.</summary>
    private const int ChunkLines = 256;

    /// <summary>A line whose request ended in an outage so often is taken to be its cause.</summary>
    private const int MostOutages = 3;

    private readonly Harvest _harvest = new(work.Run, ask => ask.Rows, new RouteLearning(work.Run));
    private readonly Dictionary<string, BatchSeen> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lowered = new(StringComparer.Ordinal);
    private DateTimeOffset _loweredAt;

    /// <summary>What a batch's results held so far.</summary>
    public BatchSeen SeenOf(string batch)
    {
        lock (_seen) return _seen.TryGetValue(batch, out var seen) ? seen : _seen[batch] = new BatchSeen();
    }

    /// <summary>Reads a result file from its beginning. Lines that have ended are passed over, so it may be read again after a kill.</summary>
    public async Task ReadAsync(BatchRecord record, BatchRoute route, string file)
    {
        var chunk = new Dictionary<int, BatchAnswer>(ChunkLines);
        var seen = SeenOf(record.Name);
        var at = 0L;
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan | FileOptions.Asynchronous);
        await using var closing = stream.ConfigureAwait(false);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 1 << 18));
        while (!work.Run.Stop.Abandoning.IsCancellationRequested)
        {
            var read = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            var rest = read.Buffer;
            while (TakeLine(ref rest, read.IsCompleted) is { } line)
            {
                at++;
                if (line.IsEmpty) continue;
                if (route.Client.ReadLine(line.IsSingleSegment ? line.FirstSpan : line.ToArray()) is not { } answer)
                {
                    if (seen.Unreadable++ == 0) seen.FirstUnreadable = at;
                }
                else if (BatchNaming.LineOf(answer.Id, record.Name) is not { } number) seen.Foreign++;
                else if (!chunk.TryAdd(number, answer)) seen.Duplicate++;
                if (chunk.Count == ChunkLines) await StoreAsync(record, route, chunk).ConfigureAwait(false);
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted) break;
        }

        await reader.CompleteAsync().ConfigureAwait(false);
        await StoreAsync(record, route, chunk).ConfigureAwait(false);
    }

    /// <summary>Settles the lines that a complete batch has no result for: they may have been paid for, and are asked again.</summary>
    public async Task EndMissingAsync(BatchRecord record, BatchRoute route)
    {
        var failure = new ModelFailure(FailureKind.BadReply, "the batch is complete, and its results do not hold this request") { Billed = true };
        await foreach (var line in work.Environment.Batches.OpenLinesAsync(record.Name).ConfigureAwait(false))
        {
            SeenOf(record.Name).Missing++;
            var (pack, outages) = PackOf(line);
            var result = new ModelResult { Failure = failure };
            // What was left out again and again is not paid for without end.
            if (outages + 1 < MostOutages)
                await _harvest.CloseAsync(CallOf(record, route, line, pack, result, _ => BatchPast.OfLine(pack, outages + 1)), failure).ConfigureAwait(false);
            else
                await _harvest.BlameAsync(CallOf(record, route, line, pack, result, BatchPast.OfMoves), failure, RowFailures.Missing).ConfigureAwait(false);
        }
    }

    /// <summary>Counts the rows of a batch by the ledger: of one that an earlier run read a part of, this run has seen only the rest.</summary>
    public async Task RecountAsync(BatchRecord record)
    {
        var seen = SeenOf(record.Name);
        (seen.Rows, seen.Good) = (0, 0);
        await foreach (var call in work.Environment.Calls.ReadAsync(new CallQuery(record.Job)).ConfigureAwait(false))
        {
            if (call.Intent.Place?.Batch != record.Name) continue;
            seen.Rows += call.Intent.Rows.Count;
            seen.Good += call.Settlement?.GoodRows ?? 0;
        }
    }

    private static ReadOnlySequence<byte>? TakeLine(ref ReadOnlySequence<byte> rest, bool isEnd)
    {
        if (rest.PositionOf((byte)'\n') is { } end)
        {
            var line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            return line;
        }

        if (!isEnd || rest.IsEmpty) return null;
        var last = rest;
        rest = rest.Slice(rest.End);
        return last;
    }

    private async Task StoreAsync(BatchRecord record, BatchRoute route, Dictionary<int, BatchAnswer> chunk)
    {
        if (chunk.Count == 0) return;
        var numbers = chunk.Keys.ToArray();
        var lines = new BatchLine?[numbers.Length];
        await work.Environment.Batches.FindLinesAsync(record.Name, numbers, lines).ConfigureAwait(false);
        var storing = new List<Task>(numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
        {
            if (lines[i] is { } line) storing.Add(EndAsync(record, route, line, chunk[numbers[i]]));
            else if (numbers[i] > record.Lines) SeenOf(record.Name).Foreign++;
            else SeenOf(record.Name).Duplicate++;
        }

        await Task.WhenAll(storing).ConfigureAwait(false);
        chunk.Clear();
        work.Run.Pass(Transition.Counted);
    }

    private async Task EndAsync(BatchRecord record, BatchRoute route, BatchLine line, BatchAnswer answer)
    {
        var seen = SeenOf(record.Name);
        if (answer is not { End: BatchLineEnd.Done, Result: { } result })
        {
            // Its turn never came: it is closed with the others of its kind.
            Interlocked.Increment(ref seen.NotRun);
            return;
        }

        var (pack, outages) = PackOf(line);
        if (result.Reply is not null) Interlocked.Increment(ref seen.Replied);
        if (result.Reply is { } reply) await _harvest.ReadAsync(CallOf(record, route, line, pack, result, BatchPast.OfMoves), reply).ConfigureAwait(false);
        else await FailAsync(record, route, line, pack, outages, result).ConfigureAwait(false);
        Interlocked.Increment(ref seen.Taken);
        Interlocked.Add(ref seen.Rows, pack.Rows.Count);
    }

    /// <summary>A request that the service took through and answered with a refusal.</summary>
    private async Task FailAsync(BatchRecord record, BatchRoute route, BatchLine line, Pack pack, int outages, ModelResult result)
    {
        var failure = result.Failure!;
        var climbs = CallOf(record, route, line, pack, result, BatchPast.OfMoves);
        var again = CallOf(record, route, line, pack, result, _ => BatchPast.OfLine(pack, outages + 1));
        switch (failure.Kind)
        {
            case FailureKind.BadGeneration:
                await _harvest.ReadAsync(climbs, failure, RowFailures.BadGeneration).ConfigureAwait(false);
                return;
            case FailureKind.TooLarge:
                await _harvest.BlameAsync(climbs, failure, RowFailures.TooLarge).ConfigureAwait(false);
                return;
            case FailureKind.Filtered:
                await _harvest.BlameAsync(climbs, failure, RowFailures.Filtered).ConfigureAwait(false);
                return;
            case FailureKind.BadRequest when record.Told?.Succeeded > 0 || work.Run.Counters.HasAnswered(route.State.Id) || outages > 0:
                await _harvest.BlameAsync(climbs, failure, RowFailures.BadRequest).ConfigureAwait(false);
                return;
            case FailureKind.BadRequest:
                // Whether it is the rows or the job, the other lines tell.
                Interlocked.Increment(ref SeenOf(record.Name).Wrong);
                SeenOf(record.Name).WrongWords = failure.Message;
                break;
            case FailureKind.FormRefused:
                await LowerFormAsync(record, route, failure).ConfigureAwait(false);
                break;
            case FailureKind.KeyRefused or FailureKind.ModelRefused or FailureKind.QuotaExhausted or FailureKind.NoAllowance:
                work.IsRefused(route, failure);
                break;
            default:
                if (outages + 1 < MostOutages) break;
                await _harvest.BlameAsync(climbs, failure, RowFailures.Unavailable).ConfigureAwait(false);
                return;
        }

        await _harvest.CloseAsync(again, failure).ConfigureAwait(false);
    }

    /// <summary>All lines of a batch were written in one form: it is lowered once.</summary>
    private async ValueTask LowerFormAsync(BatchRecord record, BatchRoute route, ModelFailure failure)
    {
        // Whatever was written before has been written in the form that is refused already.
        lock (_lowered)
            if (!_lowered.Add(record.Name) || record.PreparedAt < _loweredAt) return;
        _loweredAt = work.Now;
        if (route.State.LowerForm(route.State.Form))
        {
            work.Run.Events.Emit("form_lowered", new JsonObject { ["model"] = route.Route.Name, ["reason"] = failure.Message });
            await work.Environment.Calibrations.SetFormAsync(route.State.Id, route.State.Form).ConfigureAwait(false);
        }
        else work.Run.Stop.Request(new StopReason(RunState.Failed, $"{route.Route.Name} takes no form of output: {failure.Message}") { UserError = true });
    }

    private static (Pack Pack, int Outages) PackOf(BatchLine line)
    {
        var rows = new Ask[line.Rows.Count];
        for (var i = 0; i < rows.Length; i++) rows[i] = Ask.InLine(line.Rows[i], line.Tokens[i]);
        if (BatchPast.Read(line.Past) is not [var past]) return (new Pack(rows), 0);
        foreach (var been in past.Rows)
            if (Array.Find(rows, r => r.Key == been.Key) is { } row) row.Resume(been);
        return (new Pack(rows) { Poor = past.Poor, Suspect = past.Suspect }, past.Outages);
    }

    private EndedCall CallOf(
        BatchRecord record, BatchRoute route, BatchLine line, Pack pack, ModelResult result, Func<IReadOnlyList<LadderMove>, ReadOnlyMemory<byte>> rest)
    {
        var sentAt = record.SubmittedAt ?? record.PreparedAt;
        var demand = new Demand(line.Reserved.Input, line.Reserved.Output);
        var maxUsd = route.State.Route.Price?.Of(line.Reserved);
        var request = new ModelRequest
        {
            System = "",
            User = default,
            ReplySchema = default,
            Form = route.State.Form,
            MaxOutputTokens = (int)line.Reserved.Output,
            Sampling = new SamplingOptions(),
        };
        var seen = SeenOf(record.Name);
        work.Run.Counters.CallSent();
        return new EndedCall(0, new Entry(route.State, pack, demand, null), request, result, maxUsd, sentAt, work.Now - sentAt, 0)
        {
            Line = moves =>
            {
                if (result.Reply is not null) Interlocked.Add(ref seen.Good, line.Rows.Count - moves.Sum(m => m.Rows.Count));
                return new CallIntent
                {
                    Job = work.Plan.Job.Name,
                    RunId = work.Run.RunId,
                    Question = work.Run.Question,
                    Route = route.State.Id,
                    At = sentAt,
                    Rows = line.Rows,
                    Reserved = line.Reserved,
                    MaxUsd = maxUsd,
                    Lease = work.Run.Lease,
                    Place = new BatchPlace(record.Name, line.Number) { Rest = rest(moves) },
                };
            },
        };
    }
}
