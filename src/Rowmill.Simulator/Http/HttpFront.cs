using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>Takes requests from Kestrel, checks who asks, and finds the endpoint. No hosting around it: it starts in milliseconds.</summary>
internal sealed class HttpFront(
    SimulatorOptions options, Service service, RequestLedger ledger, Replies replies, Endpoints endpoints, Controls controls)
    : IHttpApplication<HttpContext>
{
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
        if (controls.Find(method, path) is { } control) return control(context);
        ledger.Arrived();
        var found = service.Find(context.Request);
        var dialect = found?.Dialect ?? service.Main;
        if (dialect.WantsUserAgent && string.IsNullOrWhiteSpace(context.Request.Headers.UserAgent))
        {
            return replies.RefuseAsync(context, dialect, ErrorReply.TurnedAway);
        }

        if (found is not (_, { } place)) return replies.RefuseAsync(context, dialect, dialect.UnknownUrl(method, path));
        if (method != place.Method)
        {
            var error = dialect.TellsWrongMethod ? dialect.WrongMethod(method, path) : dialect.UnknownUrl(method, path);
            return replies.RefuseAsync(context, dialect, error);
        }

        var key = "";
        if (!place.NeedsNoKey && Unauthorized(context.Request, dialect, out key) is { } unauthorized) return replies.RefuseAsync(context, dialect, unauthorized);
        if (dialect.Headers(context.Request, place) is { } misfit) return replies.RefuseAsync(context, dialect, misfit);
        return endpoints.HandleAsync(context, dialect, place, key);
    }

    private ErrorReply? Unauthorized(HttpRequest request, Dialect dialect, out string key)
    {
        var given = dialect.KeyOf(request, out var misplaced);
        key = given ?? "";
        if (misplaced) return dialect.NoKey();
        if (options.ApiKey is null) return null;
        if (given is null) return dialect.NoKey();
        return string.Equals(given, options.ApiKey, StringComparison.Ordinal) ? null : dialect.WrongKey(given);
    }
}
