using System.Net.Sockets;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Http;

/// <summary>What a broken connection means, in plain words.</summary>
internal static class ConnectionFailures
{
    /// <summary>True for what a connection may throw; anything else is a bug.</summary>
    public static bool Covers(Exception e) => e is HttpRequestException or IOException or SocketException or InvalidDataException;

    public static ModelFailure Of(Exception e, string baseUrl)
    {
        if (e is InvalidDataException) return new ModelFailure(FailureKind.BadReply, $"the compressed reply of {baseUrl} is damaged");
        if (e is OperationCanceledException) return Lost($"cannot connect to {baseUrl} within {SharedHttp.ConnectTimeout.TotalSeconds:0} s; is base_url right and the network up?");
        var error = e switch
        {
            HttpRequestException request => request.HttpRequestError,
            HttpIOException io => io.HttpRequestError,
            _ => HttpRequestError.Unknown,
        };
        var socket = Socket(e);
        return error switch
        {
            HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded =>
                new ModelFailure(FailureKind.BadReply, $"{baseUrl} does not answer in HTTP: {Words(e)}"),
            HttpRequestError.NameResolutionError =>
                Lost($"cannot connect to {baseUrl}: the host name is unknown; is base_url right and the network up?"),
            HttpRequestError.SecureConnectionError => Lost($"cannot make a secure connection to {baseUrl}: {Words(e)}"),
            HttpRequestError.ProxyTunnelError => Lost($"cannot connect to {baseUrl}: the proxy refused: {Words(e)}"),
            HttpRequestError.ConnectionError when socket is SocketError.ConnectionRefused =>
                Lost($"cannot connect to {baseUrl}: connection refused; is the server running?"),
            HttpRequestError.ConnectionError => Lost($"cannot connect to {baseUrl}: {Words(e)}"),
            // The request had left: it may have been worked on, and charged.
            HttpRequestError.ResponseEnded => Lost($"{baseUrl} closed the connection before the reply was complete") with { Billed = true },
            _ when socket is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown =>
                Lost($"{baseUrl} broke the connection before the reply was complete") with { Billed = true },
            _ => Lost($"the connection to {baseUrl} broke: {Words(e)}"),
        };
    }

    private static ModelFailure Lost(string message) => new(FailureKind.ConnectionLost, message);

    private static SocketError? Socket(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            if (e is SocketException socket) return socket.SocketErrorCode;
        return null;
    }

    private static string Words(Exception e)
    {
        while (e.InnerException is { } inner) e = inner;
        return e.Message;
    }
}
