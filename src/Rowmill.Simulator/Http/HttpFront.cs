using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Takes requests from Kestrel, checks who asks, and finds the endpoint. No hosting around it: it starts in milliseconds.</summary>
internal sealed class HttpFront(
    SimulatorOptions options, Dialect dialect, RequestLedger ledger, Replies replies, ChatEndpoint chat, Func<SimulatorStats> stats,
    Action reset)
    : IHttpApplication<HttpContext>
{
    private const string ChatPath = "/v1/chat/completions";
    private const string ModelsPath = "/v1/models";

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client went away in the middle; there is nobody to tell.
            context.Abort();
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "/");
        switch (path)
        {
            case "/stats" when method == "GET":
                return replies.SendAsync(context, 200, "application/json", StatsBody.Write(stats()));
            case "/reset" when method == "POST":
                reset();
                return replies.SendAsync(context, 200, "application/json", "{}"u8.ToArray());
        }

        ledger.Arrived();
        if (dialect.WantsUserAgent && string.IsNullOrWhiteSpace(context.Request.Headers.UserAgent))
        {
            var turnedAway = new ErrorReply(403, "error code: 1010", "") { Bare = true, ContentType = "text/plain; charset=UTF-8" };
            return replies.RefuseAsync(context, turnedAway);
        }

        if (path is not (ChatPath or ModelsPath)) return replies.RefuseAsync(context, dialect.UnknownUrl(method, path));
        if (method != (path == ChatPath ? "POST" : "GET"))
        {
            return replies.RefuseAsync(context, dialect.TellsWrongMethod ? dialect.WrongMethod(method, path) : dialect.UnknownUrl(method, path));
        }

        if (Unauthorized(context.Request, out var key) is { } error) return replies.RefuseAsync(context, error);
        return path == ChatPath ? chat.HandleAsync(context, key) : ModelsAsync(context);
    }

    private ErrorReply? Unauthorized(HttpRequest request, out string key)
    {
        const string Scheme = "Bearer ";
        key = "";
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0) return options.ApiKey is null ? null : dialect.NoKey();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return dialect.NoKey();
        key = header[Scheme.Length..];
        if (key.Length == 0 || key.Contains(' ', StringComparison.Ordinal)) return dialect.NoKey();
        return options.ApiKey is null || string.Equals(key, options.ApiKey, StringComparison.Ordinal) ? null : dialect.WrongKey(key);
    }

    private Task ModelsAsync(HttpContext context)
    {
        ledger.Ended("models");
        return replies.SendAsync(context, 200, "application/json", ModelsBody.Write(options.KnownModels ?? ["simulated"]));
    }
}
