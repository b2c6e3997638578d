using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rowmill.Tests.Providers;

/// <summary>A server on this machine that does with each connection what a test says, below HTTP.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public LoopbackServer(Func<Socket, string, CancellationToken, Task> serve)
    {
        _listener.Start();
        _serving = ServeAsync(serve);
    }

    public string BaseUrl => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";

    public int Connections { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    public static Task SendAsync(Socket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text));

    private async Task ServeAsync(Func<Socket, string, CancellationToken, Task> serve)
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptSocketAsync(_stop.Token);
                Connections++;
                while (await ReadRequestAsync(socket) is { } request) await serve(socket, request, _stop.Token);
            }
        }
        catch (Exception e) when (_stop.IsCancellationRequested
            && e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task<string?> ReadRequestAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[65536];
        while (true)
        {
            int read;
            try
            {
                read = await socket.ReceiveAsync(buffer, SocketFlags.None, _stop.Token);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return null;
            }

            if (read == 0) return null;
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            var request = text.ToString();
            var head = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head < 0) continue;
            const string Label = "Content-Length: ";
            var at = request.IndexOf(Label, StringComparison.Ordinal) + Label.Length;
            var length = int.Parse(request[at..request.IndexOf('\r', at)], System.Globalization.CultureInfo.InvariantCulture);
            if (request.Length >= head + 4 + length) return request;
        }
    }
}
