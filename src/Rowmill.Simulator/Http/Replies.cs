using System.Globalization;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Writes HTTP replies: status, headers, body. Every reply says that it is simulated.</summary>
internal sealed class Replies(SimulatorOptions options, Dialect dialect, RequestLedger ledger)
{
    private const string RetryAfter = "retry-after";

    private long _number;

    /// <summary>Sends a refusal of a request that was not accepted, and counts it.</summary>
    public Task RefuseAsync(HttpContext context, ErrorReply error, IReadOnlyList<BucketReading>? limits = null)
    {
        ledger.Ended(error.Outcome ?? $"http_{error.Status}");
        return SendAsync(context, error, limits);
    }

    /// <summary>Sends a refusal.</summary>
    public Task SendAsync(HttpContext context, ErrorReply error, IReadOnlyList<BucketReading>? limits = null)
    {
        if (error.RetryHeader is { } header) context.Response.Headers[RetryAfter] = header;
        else if (error.RetryAfter is { } wait) AddHints(context, wait);
        return SendAsync(context, error.Status, error.ContentType, dialect.Body(error), limits);
    }

    public Task SendAsync(
        HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body, IReadOnlyList<BucketReading>? limits = null)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers["x-simulated"] = "true";
        response.Headers["x-request-id"] = string.Create(CultureInfo.InvariantCulture, $"req_{Interlocked.Increment(ref _number)}");
        if (limits is not null && options.LimitHeaders) Add(context, dialect.LimitHeaders(limits));
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private void AddHints(HttpContext context, TimeSpan wait)
    {
        if (options.RetryHint == RetryHint.None) return;
        foreach (var (name, value) in dialect.RetryHeaders(wait))
            if (options.RetryHint == RetryHint.Both || name == RetryAfter) context.Response.Headers[name] = value;
    }

    private static void Add(HttpContext context, IEnumerable<KeyValuePair<string, string>> headers)
    {
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
    }
}
