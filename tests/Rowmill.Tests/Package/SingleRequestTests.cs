using Microsoft.Extensions.AI;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Tests.Package;

public sealed class SingleRequestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Vectors_transcripts_and_chats_stand_in_one_ledger_with_their_cost()
    {
        await using var world = await PackageWorld.StartAsync();
        var route = Route.Of("openai/text-embedding-3-small") with { BaseUrl = world.Server.BaseAddress.ToString(), Price = new Price(0.02m, 0) { PerMinute = 0.6m } };
        await File.WriteAllBytesAsync(world.File("talk.mp3"), new byte[100_000], Token);

        var vectors = await world.Rowmill.EmbedAsync(route, ["one", "", "three"], cancellationToken: Token).ToListAsync(Token);
        var talk = await world.Rowmill.TranscribeAsync(route with { Model = "whisper-1" }, world.File("talk.mp3"), cancellationToken: Token);
        using var chat = world.Rowmill.AsChatClient("groq/openai/gpt-oss-20b", "groq-free");
        await chat.GetResponseAsync("Hello", cancellationToken: Token);

        Assert.Equal([1536, 0, 1536], vectors.Select(v => v.Vector.Length));
        Assert.StartsWith("Simulated: ", talk.Transcript!.Text);
        var engine = await world.Rowmill.EngineAsync(Token);
        var calls = await engine.Environment.Calls.ReadAsync(new CallQuery(RowmillService.CallsName), Token).ToListAsync(Token);
        Assert.Equal(["embeddings", "transcription", "chat"], calls.Select(c => c.Intent.Question));
        Assert.All(calls, c => Assert.Equal(CallState.Settled, c.State));
        Assert.Equal(2, calls[0].Intent.Rows.Count);
        Assert.Equal(0.07m, calls[1].Settlement!.Usd);
        Assert.True(calls[2].Settlement!.Usd > 0);
    }

    [Fact]
    public async Task Closing_gives_up_what_is_in_flight()
    {
        var world = await PackageWorld.StartAsync(new() { Latency = TimeSpan.FromMinutes(1) });
        using var chat = world.Rowmill.AsChatClient("groq/openai/gpt-oss-20b");
        var asked = chat.GetResponseAsync("Hello", cancellationToken: Token);

        await world.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);

        await Assert.ThrowsAnyAsync<Exception>(() => asked);
    }
}
