using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Limits;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Writes HTTP replies: status, headers, body. Every reply says that it is simulated.</summary>
internal sealed class Replies(SimulatorOptions options, TimeProvider clock, RequestLedger ledger)
{
    private const string RetryAfter = "retry-after";

    private long _number;

    /// <summary>Sends a refusal of a request that was not accepted, and counts it.</summary>
    public Task RefuseAsync(HttpContext context, Dialect dialect, ErrorReply error, IReadOnlyList<BucketReading>? limits = null)
    {
        ledger.Ended(error.Outcome ?? $"http_{error.Status}");
        return SendAsync(context, dialect, error, limits);
    }

    /// <summary>Sends a refusal.</summary>
    public Task SendAsync(HttpContext context, Dialect dialect, ErrorReply error, IReadOnlyList<BucketReading>? limits = null)
    {
        if (error.RetryHeader is { } header) context.Response.Headers[RetryAfter] = header;
        else if (error.RetryAfter is { } wait) AddHints(context, dialect, wait);
        var id = NextId();
        var body = error.Bare ? Encoding.UTF8.GetBytes(error.Message) : dialect.Body(error, id);
        return SendAsync(context, dialect, error.Status, error.ContentType, body, limits, id);
    }

    public Task SendAsync(
        HttpContext context, Dialect dialect, int status, string contentType, ReadOnlyMemory<byte> body,
        IReadOnlyList<BucketReading>? limits = null, string? id = null)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers["x-simulated"] = "true";
        if (dialect.RequestIdHeader is { } header) response.Headers[header] = id ?? NextId();
        if (limits is not null && options.LimitHeaders) Add(context, dialect.LimitHeaders(limits, clock.GetUtcNow()));
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"req_{Interlocked.Increment(ref _number)}");

    private void AddHints(HttpContext context, Dialect dialect, TimeSpan wait)
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
