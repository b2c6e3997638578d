using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Batches;

/// <summary>What every provider's batches share: files, batches, and the faults of the wire.</summary>
internal sealed class BatchDesk(SimulatorOptions options, FileRoom files, BatchRoom batches, BatchFaultPlan faults, Replies replies, RequestLedger ledger)
{
    public SimulatorBatchOptions Options => options.Batches;

    /// <summary>The models there are; null when any name will do.</summary>
    public IReadOnlyList<string>? KnownModels => options.KnownModels;

    public FileRoom Files => files;

    public BatchRoom Batches => batches;

    public Task HandleAsync(HttpContext context, Dialect dialect, Place place, string key)
    {
        // Files have limits of their own, larger than any other request's.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        var call = new BatchCall(context, dialect, place, key, this);
        if (place.Verb == BatchVerb.Get && Polled(dialect) is { } error) return RefuseAsync(call, error);
        return dialect.Batches!.HandleAsync(call);
    }

    public Task RefuseAsync(BatchCall call, ErrorReply error) => replies.RefuseAsync(call.Context, call.Dialect, error);

    /// <summary>Sends a body, and counts what was done.</summary>
    public Task SendAsync(BatchCall call, string outcome, ReadOnlyMemory<byte> body, string contentType = "application/json")
    {
        ledger.Ended(outcome);
        return replies.SendAsync(call.Context, call.Dialect, 200, contentType, body);
    }

    /// <summary>Sends what was made, unless the reply is lost.</summary>
    public Task SendMadeAsync(BatchCall call, string outcome, SimulatorBatchFault lost, ReadOnlyMemory<byte> body)
    {
        if (faults.Next(lost) is null) return SendAsync(call, outcome, body);
        ledger.Ended(BatchFaultNames.Of(lost));
        call.Context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>Sends the bytes of a file, or half of them.</summary>
    public async Task DownloadAsync(BatchCall call, FileBody body, string contentType)
    {
        var broken = faults.Next(SimulatorBatchFault.BrokenDownload) is not null;
        ledger.Ended(broken ? BatchFaultNames.Of(SimulatorBatchFault.BrokenDownload) : "download");
        var response = call.Context.Response;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers["x-simulated"] = "true";
        var until = broken ? body.Length / 2 : body.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        body.Hold();
        try
        {
            for (long at = 0; at < until;)
            {
                var read = body.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, until - at)), at);
                await response.Body.WriteAsync(buffer.AsMemory(0, read), call.Context.RequestAborted);
                at += read;
            }

            if (!broken) return;
            await response.Body.FlushAsync(call.Context.RequestAborted);
            call.Context.Abort();
        }
        finally
        {
            body.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>True when an upload is to break off in its middle.</summary>
    public bool BreaksUpload()
    {
        if (faults.Next(SimulatorBatchFault.BrokenUpload) is null) return false;
        ledger.Ended(BatchFaultNames.Of(SimulatorBatchFault.BrokenUpload));
        return true;
    }

    /// <summary>The name of the server in an address to be called next.</summary>
    public HostString Host(BatchCall call) => faults.Next(SimulatorBatchFault.OtherHost) is null
        ? call.Request.Host
        : new HostString("localhost", call.Request.Host.Port ?? 80);

    /// <summary>Reads half of what a request announces, into a body where one is given, and resets the connection.</summary>
    public static async Task BreakAsync(BatchCall call, FileBody? into)
    {
        var left = (call.Request.ContentLength ?? 0) / 2;
        var buffer = new byte[1 << 16];
        while (left > 0)
        {
            var read = await call.Request.Body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), call.Context.RequestAborted);
            if (read == 0) break;
            into?.Append(buffer.AsSpan(0, read));
            left -= read;
        }

        call.Context.Abort();
    }

    private ErrorReply? Polled(Dialect dialect)
    {
        if (faults.Next(SimulatorBatchFault.Poll429) is not null) return dialect.Limited("1") with { Outcome = BatchFaultNames.Of(SimulatorBatchFault.Poll429) };
        return faults.Next(SimulatorBatchFault.Poll500) is null ? null : dialect.ServerError() with { Outcome = BatchFaultNames.Of(SimulatorBatchFault.Poll500) };
    }
}
