using System.Net;

namespace Rowmill.Providers.Http;

/// <summary>The process's connections: one pool, which keeps the connections of each address apart by itself.</summary>
internal static class SharedHttp
{
    /// <summary>A service that is there takes a connection within a second; three lost packets cost about ten.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private static readonly Lazy<HttpMessageInvoker> s_remote = new(() => Open(useProxy: true));

    // A proxy named in the environment cannot reach this machine's own servers.
    private static readonly Lazy<HttpMessageInvoker> s_local = new(() => Open(useProxy: false));

    public static HttpMessageInvoker For(Uri address) => address.IsLoopback ? s_local.Value : s_remote.Value;

    private static HttpMessageInvoker Open(bool useProxy) => new(
        new SocketsHttpHandler
        {
            UseProxy = useProxy,
            ConnectTimeout = ConnectTimeout,
            UseCookies = false,
            AllowAutoRedirect = false, // a redirect would carry the key to another host
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10), // so that a moved host name is noticed
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            ActivityHeadersPropagator = null,
        },
        disposeHandler: true);
}
