using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Rowmill.Core.Models;
using Rowmill.Providers;

namespace Rowmill.Tests.Providers.Batches;

/// <summary>Batch clients, files and lines for tests.</summary>
internal static class BatchGiven
{
    public static IBatchClient Client(HttpMessageHandler http, Route route, TimeProvider? clock = null) =>
        ModelClients.CreateBatch(route, new ApiKeys(_ => Given.Key), clock ?? TimeProvider.System, http)!;

    public static IBatchClient Client(HttpMessageHandler http, string provider, TimeProvider? clock = null) => Client(http, Given.Route(provider), clock);

    public static IBatchClient Files(string provider) => ModelClients.CreateBatchFiles(Given.Route(provider));

    public static string Line(IBatchClient client, string id, ModelRequest request)
    {
        var line = new ArrayBufferWriter<byte>();
        client.WriteLine(line, id, request);
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }

    public static BatchAnswer? Read(IBatchClient client, string line) => client.ReadLine(Encoding.UTF8.GetBytes(line));

    public static async Task<BatchStatus> Status(string provider, string body)
    {
        var reply = await Client(new ScriptedHttp().Reply(200, body), provider).GetAsync("b-1");
        Assert.True(reply.Failure is null, reply.Failure?.Message);
        return reply.Value!;
    }

    public static Func<string, ValueTask> Forget { get; } = _ => ValueTask.CompletedTask;
}

/// <summary>A request file on the disk, for as long as a test takes.</summary>
internal sealed class RequestFile : IDisposable
{
    public RequestFile(string text = "{\"a\":1}\n{\"a\":2}\n", string name = "rm-1a2b")
    {
        var path = Path.GetTempFileName();
        var bytes = Encoding.UTF8.GetBytes(text);
        File.WriteAllBytes(path, bytes);
        Batch = new BatchFile(name, path, text.Count(c => c == '\n'), bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    public BatchFile Batch { get; }

    public void Dispose() => File.Delete(Batch.Path);
}
