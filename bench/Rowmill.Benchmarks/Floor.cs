using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Rowmill.Benchmarks;

/// <summary>What the transport alone costs: as many requests of the same size over the same client, and nothing done with the replies.</summary>
internal static class Floor
{
    public static async Task<int> RunAsync(Uri url, int requests, int concurrency, int bodyBytes)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var body = Body(bodyBytes);
        using var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = concurrency,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        };
        using var http = new HttpMessageInvoker(handler);
        int left = requests, failed = 0;
        long received = 0;
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => WorkAsync()));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $$"""{"job_s":{{clock.GetElapsedTime(started).TotalSeconds:F4}},"floor_requests":{{requests}},"floor_failed":{{failed}},"floor_received":{{received}}}"""));
        return failed == 0 ? 0 : 1;

        async Task WorkAsync()
        {
            var buffer = new byte[16384];
            while (Interlocked.Decrement(ref left) >= 0)
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
                using var reply = await http.SendAsync(request, CancellationToken.None);
                if (!reply.IsSuccessStatusCode) Interlocked.Increment(ref failed);
                var stream = await reply.Content.ReadAsStreamAsync();
                int read;
                while ((read = await stream.ReadAsync(buffer)) > 0) Interlocked.Add(ref received, read);
            }
        }
    }

    // The server reads nothing but the length, so one body serves for all; its words fill it up to the size that was measured.
    private static byte[] Body(int size)
    {
        const string head = """{"model":"mock","messages":[{"role":"system","content":" """;
        const string tail = """ "},{"role":"user","content":"{\"rows\":[]}"}],"temperature":0}""";
        return Encoding.ASCII.GetBytes(head + new string('x', Math.Max(0, size - head.Length - tail.Length)) + tail);
    }
}
