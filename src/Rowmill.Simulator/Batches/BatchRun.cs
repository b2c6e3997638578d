using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Batches;

/// <summary>Answers one request of a batch.</summary>
/// <param name="order">The batch.</param>
/// <param name="line">The request.</param>
/// <param name="forced">The refusal that hits it, before anybody works on it; null for none.</param>
/// <param name="delivered">True when its sender will find the answer among the results.</param>
internal delegate LineReply LineAnswerer(BatchOrder order, BatchLine line, ErrorReply? forced, bool delivered);

/// <summary>
/// One batch. Its lines are answered when somebody looks: as many as its course has taken through by then, each exactly once. Safe for concurrent use.
/// </summary>
internal sealed class BatchRun
{
    private readonly Lock _gate = new();
    private readonly LineAnswerer _answer;
    private readonly FileRoom _files;
    private readonly BatchFaults _faults;
    private readonly int[] _sequence;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private FileBody? _good, _bad;
    private int _next, _billed;
    private long _rowsBilled;
    private bool _closed;
    private volatile bool _abandoned;

    public BatchRun(string id, BatchOrder order, BatchCourse course, BatchFaults faults, FileRoom files, LineAnswerer answer)
    {
        (Id, Order, Course, _faults, _files, _answer) = (id, order, course, faults, files, answer);
        order.Input.Body.Hold();
        InputSha256 = Convert.ToHexStringLower(order.Input.Body.Sha256);
        var count = order.Input.Lines.Count;
        _sequence = order.Form.KeepsOrder ? [.. Enumerable.Range(0, count)] : Mix.Order(Mix.Hash(id), count);
    }

    public string Id { get; }

    public BatchOrder Order { get; }

    public BatchCourse Course { get; }

    public BatchFaults Faults => _faults;

    public string InputSha256 { get; }

    /// <summary>Why it failed; empty when it did not.</summary>
    public IReadOnlyList<BatchFlaw> Flaws { get; init; } = [];

    /// <summary>From when on lists tell of it.</summary>
    public required DateTimeOffset ListedFrom { get; init; }

    public int Total => Order.Input.Lines.Count;

    public int Succeeded { get; private set; }

    public int Failed { get; private set; }

    public int Expired { get; private set; }

    public int Cancelled { get; private set; }

    public Ledger.Bill Bill { get; private set; }

    /// <summary>Its results, once it is over; null for none.</summary>
    public StoredFile? Output { get; private set; }

    /// <summary>What failed, where that stands apart; null for none.</summary>
    public StoredFile? Errors { get; private set; }

    /// <summary>When it was over, in this phase.</summary>
    public DateTimeOffset EndedAt(BatchPhase phase) => phase switch
    {
        BatchPhase.Completed => Course.Ends,
        BatchPhase.Failed => Course.Begins,
        BatchPhase.Expired => Course.Expires,
        _ => Course.CancelledAt,
    };

    /// <summary>Answers what has been taken through by now.</summary>
    public BatchPhase Advance(DateTimeOffset now)
    {
        lock (_gate)
        {
            var phase = Course.At(now);
            if (_closed) return phase;
            if (!Order.Form.LosesExpired || !Course.WillExpire) Answer(Course.Done(now, Total));
            if (BatchCourse.IsOver(phase) && !_abandoned) Close(phase);
            return phase;
        }
    }

    /// <summary>Asks it to stop; false when it is over.</summary>
    public bool Cancel(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (BatchCourse.IsOver(Advance(now))) return false;
            Course.Cancel(now);
            return true;
        }
    }

    public SimulatorBatch Snapshot(DateTimeOffset now)
    {
        var phase = Advance(now);
        lock (_gate)
        {
            return new SimulatorBatch
            {
                Id = Id,
                Name = Order.Name,
                Metadata = new SortedDictionary<string, string>(Order.Metadata.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
                Key = Order.Key.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Order.Key)).AsSpan(0, 4)),
                Model = Order.Input.Model,
                State = JsonNamingPolicy.SnakeCaseLower.ConvertName(phase.ToString()),
                Requests = Total,
                Succeeded = Succeeded,
                Failed = Failed,
                Expired = Expired,
                Cancelled = Cancelled,
                Billed = _billed,
                RowsBilled = _rowsBilled,
                Tokens = Bill.Prompt + (long)Bill.Output,
                EnqueuedTokens = Order.Input.PromptTokens,
                InputSha256 = InputSha256,
                FirstLine = Order.Input.FirstLine,
                CreatedAt = Course.Created,
            };
        }
    }

    /// <summary>Nobody will look any more.</summary>
    public void Abandon()
    {
        // Whoever is at work on it stops after the line in hand.
        _abandoned = true;
        lock (_gate)
        {
            if (_closed) return;
            _closed = true;
            _good?.Dispose();
            _bad?.Dispose();
            Order.Input.Body.Dispose();
        }
    }

    private void Answer(int upTo)
    {
        for (; _next < upTo && !_abandoned; _next++)
        {
            var gone = _faults.Withholds || _faults.Hits(SimulatorBatchFault.MissingLines, _next, Total);
            var foreign = _faults.Hits(SimulatorBatchFault.ForeignLines, _next, Total);
            using var document = JsonDocument.Parse(Bytes(_sequence[_next]));
            var line = Order.Form.Read(document.RootElement);
            var reply = _answer(Order, line, _faults.Refusal(Order.Form.Dialect, _next, Total), !gone && !foreign);
            if (reply.Error is null) Succeeded++;
            else Failed++;
            if (reply.Bill is { } bill)
            {
                _billed++;
                _rowsBilled += reply.Rows;
                Bill = new Ledger.Bill(Bill.Prompt + bill.Prompt, Bill.Cached + bill.Cached, Bill.Output + bill.Output, Bill.Thoughts + bill.Thoughts);
            }

            if (gone) continue;
            if (foreign) line = BatchFaults.Foreign(line);
            Write(line, reply);
            if (_faults.Hits(SimulatorBatchFault.DuplicateLines, _next, Total)) Write(line, reply);
        }
    }

    /// <summary>It is over: what was not reached is told as far as the provider tells it, and the results become files.</summary>
    private void Close(BatchPhase phase)
    {
        _closed = true;
        var form = Order.Form;
        if (phase == BatchPhase.Expired) Expired = Total - _next;
        if (phase == BatchPhase.Cancelled) Cancelled = Total - _next;
        var told = phase == BatchPhase.Cancelled ? form.TellsCancelled : phase == BatchPhase.Expired && !form.LosesExpired && !_faults.Withholds;
        var end = phase == BatchPhase.Cancelled ? LineEnd.Cancelled : LineEnd.Expired;
        for (; told && _next < Total; _next++)
        {
            using var document = JsonDocument.Parse(Bytes(_sequence[_next]));
            Write(form.Read(document.RootElement), new LineReply(end, default, null, $"{Mix.With(Mix.Hash(Id), (ulong)_next):x16}"));
        }

        var until = (form.KeepsFromCreation ? Course.Created : EndedAt(phase)) + (Order.KeepsOutput ?? form.KeepsResults);
        Output = Stored(_good, form.ResultId(Id, errors: false), phase, until);
        Errors = Stored(_bad, form.ResultId(Id, errors: true), phase, until);
        Order.Input.Body.Dispose();
    }

    private StoredFile? Stored(FileBody? body, string id, BatchPhase phase, DateTimeOffset until)
    {
        if (body is null) return null;
        var file = new StoredFile(id, Order.Key, $"{id}.jsonl", Order.Form.ResultKind, body, EndedAt(phase), until, IsGenerated: true);
        return Order.Form.ResultsComeAlong ? file : _files.Add(file);
    }

    private void Write(BatchLine line, LineReply reply)
    {
        _buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_buffer, Json.Relaxed))
        {
            writer.WriteStartObject();
            Order.Form.Write(writer, line, reply);
            writer.WriteEndObject();
        }

        _buffer.Write("\n"u8);
        var apart = Order.Form.SplitsErrors && (reply.Error is not null || reply.End != LineEnd.Done);
        var to = apart ? _bad ??= _files.NewBody() : _good ??= _files.NewBody();
        to.Append(_buffer.WrittenSpan);
    }

    private byte[] Bytes(int line)
    {
        var (offset, length) = Order.Input.Lines[line];
        var bytes = new byte[length];
        Order.Input.Body.Read(bytes, offset);
        return bytes;
    }
}
