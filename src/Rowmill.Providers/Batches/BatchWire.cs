using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Batches;

/// <summary>One service's batch API: where its operations are and what its answers mean. It holds no state.</summary>
/// <param name="connection">Sends.</param>
internal abstract class BatchWire(BatchConnection connection)
{
    // A lost upload or batch of ours is among the newest. More pages than this are a service that goes in circles.
    private const int MostPages = 20;

    /// <summary>What it takes in one batch.</summary>
    public abstract BatchCaps Caps { get; }

    /// <summary>What a download asks for.</summary>
    public virtual string Accept => "*/*";

    protected BatchConnection Connection { get; } = connection;

    /// <summary>See <see cref="IBatchClient.UploadAsync"/>.</summary>
    public abstract ValueTask<BatchReply<string>> UploadAsync(
        BatchFile file, string? session, Func<string, ValueTask> remember, CancellationToken cancellationToken);

    /// <summary>See <see cref="IBatchClient.FindUploadAsync"/>.</summary>
    public abstract ValueTask<BatchReply<string>> FindUploadAsync(BatchFile file, CancellationToken cancellationToken);

    /// <summary>See <see cref="IBatchClient.CreateAsync"/>.</summary>
    public abstract ValueTask<BatchReply<BatchStatus>> CreateAsync(BatchFile file, string upload, CancellationToken cancellationToken);

    /// <summary>See <see cref="IBatchClient.CancelAsync"/>.</summary>
    public virtual ValueTask<BatchReply<BatchStatus>> CancelAsync(string id, CancellationToken cancellationToken) =>
        Connection.PostAsync(AddressOf(id) + "/cancel", null, Status, cancellationToken);

    /// <summary>The address of a batch.</summary>
    public abstract string AddressOf(string id);

    /// <summary>The address of a page of the batches.</summary>
    public abstract string ListAddress(string? cursor);

    /// <summary>The address of a result file; null when it is none of this service's.</summary>
    public abstract string? AddressOf(BatchResultFile file);

    /// <summary>Reads a batch.</summary>
    public abstract (BatchStatus? Value, string? Flaw) Status(JsonElement batch);

    /// <summary>The list within a page, and where the next page begins; no list when there is none.</summary>
    /// <param name="page">The page.</param>
    /// <param name="name">The list's name, where it has one of its own.</param>
    protected abstract (JsonElement? List, string? Next) Page(JsonElement page, string name);

    /// <summary>Reads a page of batches; what is no batch is passed over.</summary>
    public (BatchPage? Value, string? Flaw) Batches(JsonElement page)
    {
        var (list, next) = Page(page, "operations");
        if (list is not { ValueKind: JsonValueKind.Array } entries) return (null, "holds no list of batches");
        // Services list the newest first, but not all say so.
        var batches = entries.EnumerateArray().Where(e => e.ValueKind is JsonValueKind.Object).Select(e => Status(e).Value).OfType<BatchStatus>();
        return (new BatchPage([.. batches.OrderByDescending(b => b.CreatedAt ?? DateTimeOffset.MinValue)], next), null);
    }

    /// <summary>Looks through the pages of uploaded files for one of ours.</summary>
    /// <param name="address">The address of a page.</param>
    /// <param name="match">The id of a file that is the one; null for any other.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its id; empty when there is none.</returns>
    protected async ValueTask<BatchReply<string>> FindAsync(Func<string?, string> address, Func<JsonElement, string?> match, CancellationToken cancellationToken)
    {
        string? cursor = null;
        for (var page = 0; page < MostPages; page++)
        {
            var reply = await Connection.GetAsync(address(cursor), Look, cancellationToken).ConfigureAwait(false);
            if (reply.Value is not { } seen) return new BatchReply<string> { Failure = reply.Failure };
            if (seen.Id is { } id) return new BatchReply<string> { Value = id };
            if (seen.Next is null || seen.Next == cursor) break;
            cursor = seen.Next;
        }

        return new BatchReply<string> { Value = "" };

        (Seen?, string?) Look(JsonElement body)
        {
            var (list, next) = Page(body, "files");
            if (list is not { ValueKind: JsonValueKind.Array } files) return (null, "holds no list of files");
            return (new Seen(files.EnumerateArray().Where(f => f.ValueKind is JsonValueKind.Object).Select(match).FirstOrDefault(id => id is not null), next), null);
        }
    }

    /// <summary>A file that is not what it was when it was described.</summary>
    protected static BatchReply<T> Changed<T>(BatchFile file, long bytes)
        where T : class => new()
        {
            Failure = new ModelFailure(FailureKind.BadRequest, $"{file.Path} holds {bytes} bytes and should hold {file.Bytes}: it was changed after it was prepared"),
        };

    private sealed record Seen(string? Id, string? Next);
}
