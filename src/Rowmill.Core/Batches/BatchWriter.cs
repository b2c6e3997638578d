using System.Buffers;
using System.Security.Cryptography;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Batches;

/// <summary>How large one batch may get.</summary>
/// <param name="Lines">Requests.</param>
/// <param name="Bytes">Bytes of the file.</param>
/// <param name="Tokens">Prompt tokens.</param>
internal readonly record struct BatchSize(int Lines, long Bytes, long Tokens);

/// <summary>Writes the request file of one batch, line by line, and stores which rows are in which line.</summary>
internal sealed class BatchWriter : IAsyncDisposable
{
    private const int FlushBytes = 1 << 20;
    private const int StoredAtOnce = 1000;

    private readonly BatchWork _work;
    private readonly BatchRoute _route;
    private readonly BatchSize _most;
    private readonly int _stage;
    private readonly string _file;
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushBytes * 2);
    private readonly List<BatchLine> _lines = [];
    private long _bytes;
    private int _rows;
    private TokenUsage _reserved;
    private decimal? _usd = 0;
    private bool _finished;

    public BatchWriter(BatchWork work, BatchRoute route, BatchSize most, int stage, string name)
    {
        (_work, _route, _most, _stage, Name) = (work, route, most, stage, name);
        _file = work.Folder.Requests(name);
        _stream = work.Folder.Begin(_file);
    }

    /// <summary>Our name of the batch.</summary>
    public string Name { get; }

    /// <summary>Lines so far.</summary>
    public int Lines { get; private set; }

    /// <summary>Adds a request.</summary>
    /// <returns>False when it does not fit any more: nothing was written. The first always fits.</returns>
    public async ValueTask<bool> AddAsync(Pack pack, int outages)
    {
        if (Lines > 0 && Lines == _most.Lines) return false;
        var state = _route.State;
        var demand = state.Demand(pack);
        var reserved = new TokenUsage(demand.InputTokens, 0, demand.OutputTokens);
        if (Lines > 0 && _reserved.Input + reserved.Input > _most.Tokens) return false;

        var request = _work.Plan.Text.Request(pack, state.Form, state.Budget, new PackReservation((int)demand.InputTokens, (int)demand.OutputTokens));
        var before = _buffer.WrittenCount;
        _route.Client.WriteLine(_buffer, BatchNaming.Line(Name, Lines + 1), request);
        _buffer.Write("\n"u8);
        if (Lines > 0 && _bytes + _buffer.WrittenCount > _most.Bytes)
        {
            // What was buffered before it is kept.
            var kept = _buffer.WrittenSpan[..before].ToArray();
            _buffer.ResetWrittenCount();
            _buffer.Write(kept);
            return false;
        }

        Lines++;
        _rows += pack.Rows.Count;
        _reserved += reserved;
        _usd += state.Route.Price?.Of(reserved);
        _lines.Add(new BatchLine(Lines, [.. pack.Rows.Select(r => r.Key)], [.. pack.Rows.Select(r => r.Tokens)], reserved)
        {
            Past = BatchPast.OfLine(pack, outages),
        });
        if (_buffer.WrittenCount >= FlushBytes) await FlushAsync().ConfigureAwait(false);
        if (_lines.Count == StoredAtOnce) await StoreAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>Puts the file under its name and stores its record: from then on its rows are in a batch.</summary>
    /// <param name="phase">Where it stands then.</param>
    public async ValueTask<BatchRecord> FinishAsync(BatchPhase phase)
    {
        await FlushAsync().ConfigureAwait(false);
        await StoreAsync().ConfigureAwait(false);
        _finished = true;
        BatchFolder.Finish(_stream, _file);
        var record = new BatchRecord
        {
            Name = Name,
            Job = _work.Plan.Job.Name,
            Question = _work.Run.Question,
            Route = _route.State.Id,
            Phase = phase,
            Stage = _stage,
            Lines = Lines,
            Rows = _rows,
            Bytes = _bytes,
            Sha256 = Convert.ToHexStringLower(_hash.GetCurrentHash()),
            Reserved = _reserved,
            MaxUsd = _usd,
            PreparedAt = _work.Now,
        };
        await BatchManifest.WriteAsync(_work.Folder, record, _route.Route).ConfigureAwait(false);
        return await _work.SaveAsync(record).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _hash.Dispose();
        if (!_finished) BatchFolder.Abandon(_stream, _file);
        return ValueTask.CompletedTask;
    }

    private async ValueTask FlushAsync()
    {
        _hash.AppendData(_buffer.WrittenSpan);
        _bytes += _buffer.WrittenCount;
        await _stream.WriteAsync(_buffer.WrittenMemory).ConfigureAwait(false);
        _buffer.ResetWrittenCount();
    }

    private async ValueTask StoreAsync()
    {
        if (_lines.Count == 0) return;
        await _work.Environment.Batches.AddLinesAsync(_work.Run.Lease, Name, [.. _lines]).ConfigureAwait(false);
        _lines.Clear();
    }
}
