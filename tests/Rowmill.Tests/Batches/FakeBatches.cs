using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rowmill.Core.Models;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Batches;

/// <summary>A batch at the fake service.</summary>
internal sealed class FakeBatch
{
    public required string Id { get; init; }

    public required string? Name { get; init; }

    public required IReadOnlyList<(string Id, IReadOnlyList<string> Titles)> Lines { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How it ends, and when.</summary>
    public BatchState End { get; set; } = BatchState.Completed;

    public DateTimeOffset EndsAt { get; set; }

    public bool CancelAsked { get; set; }

    /// <summary>Its result lines, once it is over.</summary>
    public List<string>? Results { get; set; }
}

/// <summary>A service's batch API in memory: what a test tells it to do goes wrong, and it counts what it charges for.</summary>
internal sealed class FakeBatches(TimeProvider clock) : IBatchClient
{
    private readonly Dictionary<string, byte[]> _uploads = new(StringComparer.Ordinal);
    private int _ids;

    /// <summary>Every batch that was ever created, in order.</summary>
    public List<FakeBatch> All { get; } = [];

    /// <summary>How often each row was answered and charged for.</summary>
    public Dictionary<string, int> Charged { get; } = new(StringComparer.Ordinal);

    /// <summary>What a line brings; null for a line that is not in the results.</summary>
    public Func<FakeCall, ModelResult?> Script { get; set; } = call => FakeReply.Good(call);

    /// <summary>How long a batch takes.</summary>
    public TimeSpan Takes { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Is given each new batch.</summary>
    public Action<FakeBatch>? Created { get; set; }

    /// <summary>How each creation ends, by its number from 1: a failure, after the batch was made when the flag says so.</summary>
    public Func<int, (ModelFailure Failure, bool WasMade)?> OnCreate { get; set; } = _ => null;

    /// <summary>How each upload ends, by its number from 1; null for well.</summary>
    public Func<int, ModelFailure?> OnUpload { get; set; } = _ => null;

    /// <summary>How each look at the list ends; null for well.</summary>
    public Func<ModelFailure?> OnList { get; set; } = () => null;

    /// <summary>How each download ends, by its number from 1; null for well. What fails breaks off in the middle of the first line.</summary>
    public Func<int, ModelFailure?> OnDownload { get; set; } = _ => null;

    /// <summary>Which batches are thrown away because the queue is full.</summary>
    public Func<FakeBatch, bool> FailsFull { get; set; } = _ => false;

    /// <summary>Lines of the result file, changed on their way out.</summary>
    public Func<List<string>, IEnumerable<string>> Deliver { get; set; } = lines => lines;

    /// <summary>How long a new batch is missing from the list.</summary>
    public TimeSpan ListLag { get; set; }

    /// <summary>How far the service's own clock is before ours.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>True when a complete batch has no result file.</summary>
    public bool HidesResults { get; set; }

    public int Uploads { get; private set; }

    public int Creations { get; private set; }

    public int Polls { get; private set; }

    public int Downloads { get; private set; }

    public BatchCaps Caps { get; set; } = new(50_000, 100_000_000);

    public StructuredOutput StructuredOutput => StructuredOutput.StrictSchema;

    public void WriteLine(IBufferWriter<byte> line, string id, ModelRequest request) => line.Write(Encoding.UTF8.GetBytes(new JsonObject
    {
        ["id"] = id,
        ["system"] = request.System,
        ["user"] = Encoding.UTF8.GetString(request.User.Span),
    }.ToJsonString()));

    public BatchAnswer? ReadLine(ReadOnlySpan<byte> line)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }

        if ((string?)json?["id"] is not { } id) return null;
        if ((string?)json["end"] is { } end) return new BatchAnswer(id, Enum.Parse<BatchLineEnd>(end), null);
        var result = (string?)json["failure"] is { } kind
            ? new ModelResult { Failure = new ModelFailure(Enum.Parse<FailureKind>(kind), $"it says {kind}") { HttpStatus = 400 } }
            : new ModelResult { Reply = new ModelReply(Encoding.UTF8.GetBytes((string)json["reply"]!), ReplyEnding.Complete, new TokenUsage(100, 0, 10)) };
        return new BatchAnswer(id, BatchLineEnd.Done, result);
    }

    public async ValueTask<BatchReply<string>> UploadAsync(BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken = default)
    {
        Uploads++;
        await remember($"session-{Uploads}");
        if (OnUpload(Uploads) is { } failure) return new BatchReply<string> { Failure = failure };
        var id = $"file-{Uploads}";
        _uploads[id] = await File.ReadAllBytesAsync(file.Path, cancellationToken);
        return new BatchReply<string> { Value = id };
    }

    public ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken = default) => new(new BatchReply<string> { Value = "" });

    public ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken = default)
    {
        Creations++;
        var told = OnCreate(Creations);
        if (told is (var refused, false)) return Fail<BatchStatus>(refused);
        var batch = new FakeBatch
        {
            Id = $"batch-{++_ids}",
            Name = Caps.KeepsName ? file.Name : null,
            Lines = [.. Encoding.UTF8.GetString(_uploads[upload]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Line)],
            CreatedAt = clock.GetUtcNow(),
            EndsAt = clock.GetUtcNow() + Takes,
        };
        All.Add(batch);
        Created?.Invoke(batch);
        return told is (var lost, true) ? Fail<BatchStatus>(lost) : new(new BatchReply<BatchStatus> { Value = Status(batch) });
    }

    public ValueTask<BatchReply<BatchStatus>> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        Polls++;
        return new(new BatchReply<BatchStatus> { Value = Status(All.Single(b => b.Id == id)) });
    }

    public ValueTask<BatchReply<BatchPage>> ListAsync(string? cursor, CancellationToken cancellationToken = default) =>
        OnList() is { } failure ? Fail<BatchPage>(failure) : new(new BatchReply<BatchPage>
        {
            Value = new BatchPage([.. All.Where(b => clock.GetUtcNow() - b.CreatedAt >= ListLag).OrderByDescending(b => b.CreatedAt).Select(Status)], null)
            {
                At = clock.GetUtcNow() + Ahead,
            },
        });

    public ValueTask<BatchReply<BatchStatus>> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        var batch = All.Single(b => b.Id == id);
        (batch.CancelAsked, batch.End, batch.EndsAt) = (true, BatchState.Cancelled, clock.GetUtcNow());
        return new(new BatchReply<BatchStatus> { Value = Status(batch) });
    }

    public async ValueTask<BatchReply<BatchDownload>> DownloadAsync(BatchResultFile file, Stream to, CancellationToken cancellationToken = default)
    {
        Downloads++;
        var batch = All.Single(b => b.Id == file.Id);
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Deliver(ResultsOf(batch)).Select(l => l + "\n")));
        if (OnDownload(Downloads) is { } broken)
        {
            await to.WriteAsync(bytes.AsMemory(0, 10), cancellationToken);
            return new BatchReply<BatchDownload> { Failure = broken };
        }

        await to.WriteAsync(bytes, cancellationToken);
        return new BatchReply<BatchDownload> { Value = new BatchDownload(bytes.Length) };
    }

    private BatchStatus Status(FakeBatch batch)
    {
        var over = clock.GetUtcNow() >= batch.EndsAt;
        if (FailsFull(batch))
        {
            return new BatchStatus(batch.Id, BatchState.Failed)
            {
                Word = "failed",
                Name = batch.Name,
                CreatedAt = batch.CreatedAt + Ahead,
                Failure = new ModelFailure(FailureKind.RateLimited, "the queue is full") { Window = LimitNames.EnqueuedTokens },
            };
        }

        var state = over ? batch.End : BatchState.Running;
        if (over) ResultsOf(batch);
        return new BatchStatus(batch.Id, state)
        {
            Word = state.ToString(),
            Name = batch.Name,
            Total = batch.Lines.Count,
            CreatedAt = batch.CreatedAt + Ahead,
            ExpiresAt = batch.CreatedAt + Ahead + TimeSpan.FromHours(24),
            EndedAt = over ? batch.EndsAt + Ahead : null,
            Results = over && !HidesResults && state is BatchState.Completed or BatchState.Expired or BatchState.Cancelled ? [new BatchResultFile(batch.Id, false)] : [],
            Failure = over && state == BatchState.Failed ? new ModelFailure(FailureKind.Unavailable, "it broke") : null,
        };
    }

    /// <summary>Makes the results, and charges, once.</summary>
    private List<string> ResultsOf(FakeBatch batch)
    {
        if (batch.Results is { } made) return made;
        batch.Results = [];
        if (batch.End == BatchState.Failed) return batch.Results;
        for (var i = 0; i < batch.Lines.Count; i++)
        {
            var (id, titles) = batch.Lines[i];
            // What has not had its turn when a batch ends before its time is the second half.
            if (batch.End != BatchState.Completed && 2 * i >= batch.Lines.Count)
            {
                batch.Results.Add(new JsonObject { ["id"] = id, ["end"] = batch.End == BatchState.Expired ? "Expired" : "Cancelled" }.ToJsonString());
                continue;
            }

            var result = Script(new FakeCall(i + 1, null!, titles, batch.EndsAt));
            if (result?.Reply is not null || result is null)
                foreach (var title in titles) Charged[title] = Charged.GetValueOrDefault(title) + 1;
            if (result is null) continue;
            var line = new JsonObject { ["id"] = id };
            if (result.Reply is { } reply) line["reply"] = Encoding.UTF8.GetString(reply.Text.Span);
            else line["failure"] = result.Failure!.Kind.ToString();
            batch.Results.Add(line.ToJsonString());
        }

        return batch.Results;
    }

    private static (string Id, IReadOnlyList<string> Titles) Line(string line)
    {
        var json = JsonNode.Parse(line)!;
        var rows = JsonNode.Parse((string)json["user"]!)!["rows"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, rows.Count), rows.Select(r => (int)r!["id"]!));
        return ((string)json["id"]!, [.. rows.Select(r => (string)r!["title"]!)]);
    }

    private static ValueTask<BatchReply<T>> Fail<T>(ModelFailure failure)
        where T : class => new(new BatchReply<T> { Failure = failure });
}
