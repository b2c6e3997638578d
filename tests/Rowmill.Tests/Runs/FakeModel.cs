using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Runs;

/// <summary>One request as the fake received it.</summary>
/// <param name="Number">1-based, within this model.</param>
/// <param name="Request">The request.</param>
/// <param name="Titles">The title of each row, by position; the ids are checked to be 1…n.</param>
/// <param name="At">When it came.</param>
internal sealed record FakeCall(int Number, ModelRequest Request, IReadOnlyList<string> Titles, DateTimeOffset At);

/// <summary>A model that says what a test tells it to.</summary>
internal sealed class FakeModel(TimeProvider clock) : IModelClient
{
    private readonly Lock _gate = new();
    private readonly List<FakeCall> _calls = [];
    private readonly List<(int Calls, TaskCompletionSource Reached)> _watchers = [];

    /// <summary>What it replies.</summary>
    public Func<FakeCall, ModelResult> Script { get; set; } = call => FakeReply.Good(call);

    /// <summary>Awaited before it replies, with the caller's cancellation.</summary>
    public Func<FakeCall, Task>? Hold { get; set; }

    public StructuredOutput StructuredOutput { get; init; } = StructuredOutput.StrictSchema;

    /// <summary>The requests so far, in order of arrival.</summary>
    public IReadOnlyList<FakeCall> Calls
    {
        get
        {
            lock (_gate) return [.. _calls];
        }
    }

    /// <summary>How often a row was asked.</summary>
    public int Asked(string title) => Calls.Sum(c => c.Titles.Count(t => t == title));

    /// <summary>Completes when so many requests have arrived.</summary>
    public Task Arrived(int calls)
    {
        lock (_gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_calls.Count >= calls) reached.SetResult();
            else _watchers.Add((calls, reached));
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Forgets the requests so far.</summary>
    public void Forget()
    {
        lock (_gate) _calls.Clear();
    }

    public async ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var user = JsonDocument.Parse(request.User);
        var titles = new List<string>();
        foreach (var row in user.RootElement.GetProperty("rows").EnumerateArray())
        {
            titles.Add(row.TryGetProperty("title", out var title) ? title.GetString()! : "");
            Assert.Equal(titles.Count, row.GetProperty("id").GetInt32());
        }

        FakeCall call;
        lock (_gate)
        {
            call = new FakeCall(_calls.Count + 1, request, titles, clock.GetUtcNow());
            _calls.Add(call);
            foreach (var (calls, reached) in _watchers)
                if (_calls.Count >= calls) reached.TrySetResult();
        }

        if (Hold?.Invoke(call) is { } held) await held.WaitAsync(cancellationToken);
        return Script(call);
    }

    public RequestPreview Preview(ModelRequest request) => new("POST", "http://fake.test", [], "{}");

    public IReadOnlyList<string> Losses(ModelRequest request) => [];
}
