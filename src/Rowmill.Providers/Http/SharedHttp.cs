using System.Net;

namespace Rowmill.Providers.Http;

/// <summary>The process's connections: one pool, which keeps the connections of each address apart by itself.</summary>
internal static class SharedHttp
{
    private static readonly Lazy<HttpMessageInvoker> s_remote = new(() => Open(useProxy: true));

    // A proxy named in the environment cannot reach this machine's own servers.
    private static readonly Lazy<HttpMessageInvoker> s_local = new(() => Open(useProxy: false));

    public static HttpMessageInvoker For(Uri address) => address.IsLoopback ? s_local.Value : s_remote.Value;

    private static HttpMessageInvoker Open(bool useProxy) => new(
        new SocketsHttpHandler
        {
            UseProxy = useProxy,
            UseCookies = false,
            AllowAutoRedirect = false, // a redirect would carry the key to another host
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10), // so that a moved host name is noticed
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            ActivityHeadersPropagator = null,
        },
        disposeHandler: true);
}
