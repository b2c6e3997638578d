using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Rowmill.Tests.Package;

/// <summary>A chat client that answers rows as a test tells it to.</summary>
internal sealed class ScriptedChat : IChatClient
{
    private readonly Lock _gate = new();
    private readonly List<(List<ChatMessage> Messages, ChatOptions? Options)> _calls = [];
    private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A job over songs that this client answers.</summary>
    public const string Name = "acme/large";

    /// <summary>The answer to a row, without its id.</summary>
    public Func<JsonElement, JsonObject> Answer { get; set; } = _ => Good();

    /// <summary>The whole response; null for the rows' answers.</summary>
    public Func<ChatResponse>? Response { get; set; }

    /// <summary>Awaited before every call but the first.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>Completes when a second call has come.</summary>
    public Task Second => _second.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public IReadOnlyList<(List<ChatMessage> Messages, ChatOptions? Options)> Calls
    {
        get
        {
            lock (_gate) return [.. _calls];
        }
    }

    public int RowsAsked => Calls.Sum(c => Rows(c.Messages).Count);

    public static JsonObject Good() => new() { ["energy"] = "Very Low", ["tags"] = new JsonArray("a"), ["stars"] = 3 };

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        int number;
        var list = messages.ToList();
        lock (_gate)
        {
            _calls.Add((list, options));
            number = _calls.Count;
        }

        if (number == 2) _second.TrySetResult();
        if (number > 1) await Hold.WaitAsync(cancellationToken);
        if (Response is not null) return Response();
        var rows = new JsonArray();
        foreach (var row in Rows(list))
        {
            var answer = Answer(row);
            answer["id"] = row.GetProperty("id").GetInt32();
            rows.Add((JsonNode)answer);
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, new JsonObject { ["rows"] = rows }.ToJsonString())) { FinishReason = ChatFinishReason.Stop };
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("a run does not stream");

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
        // Holds nothing.
    }

    private static List<JsonElement> Rows(List<ChatMessage> messages) =>
        [.. JsonElement.Parse(messages[^1].Text).GetProperty("rows").EnumerateArray()];
}
