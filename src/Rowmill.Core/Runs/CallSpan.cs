using System.Diagnostics;
using Rowmill.Core.Models;

namespace Rowmill.Core.Runs;

/// <summary>One call as telemetry sees it, from its leaving to its end. Nothing is made when nobody listens.</summary>
internal readonly struct CallSpan : IDisposable
{
    public const string Chat = "chat";
    public const string Embeddings = "embeddings";
    public const string Transcription = "transcription";

    private readonly string _operation;
    private readonly Route _route;
    private readonly Activity? _activity;

    private CallSpan(string operation, Route route, Activity? activity) => (_operation, _route, _activity) = (operation, route, activity);

    /// <summary>A call leaves.</summary>
    /// <param name="operation">One of the names above.</param>
    /// <param name="route">Whom it asks.</param>
    /// <param name="maxTokens">The most tokens its reply may take; 0 where it takes none.</param>
    /// <param name="job">Whose it is.</param>
    /// <param name="runId">The run.</param>
    /// <param name="rows">How many rows it carries.</param>
    public static CallSpan Start(string operation, Route route, long maxTokens, string job, string runId, int rows)
    {
        if (!Telemetry.Source.HasListeners()) return new CallSpan(operation, route, null);
        var activity = Telemetry.Source.StartActivity($"{operation} {route.Model}", ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("gen_ai.operation.name", operation);
            activity.SetTag("gen_ai.provider.name", Provider(route));
            activity.SetTag("gen_ai.request.model", route.Model);
            if (maxTokens > 0) activity.SetTag("gen_ai.request.max_tokens", maxTokens);
            if (Server(route) is { } server)
            {
                activity.SetTag("server.address", server.Host);
                activity.SetTag("server.port", server.Port);
            }

            activity.SetTag("rowmill.job", job);
            activity.SetTag("rowmill.run_id", runId);
            activity.SetTag("rowmill.rows", rows);
        }

        return new CallSpan(operation, route, activity);
    }

    /// <summary>What it asks, where that may be shown.</summary>
    public void Asks(ModelRequest? request)
    {
        if (_activity is not { IsAllDataRequested: true } || request is null || !Telemetry.ShowsMessages) return;
        _activity.SetTag("gen_ai.system_instructions", TelemetryMessages.System(request));
        _activity.SetTag("gen_ai.input.messages", TelemetryMessages.Input(request));
    }

    /// <summary>It ended, with what it asked for or without.</summary>
    public void Ended(ModelReply? reply, ModelFailure? failure, TokenUsage? usage, string? id, TimeSpan took)
    {
        Count(failure is null ? null : Telemetry.Word(failure.Kind), usage, took);
        if (_activity is not { IsAllDataRequested: true } activity) return;
        if (usage is { } used)
        {
            activity.SetTag("gen_ai.usage.input_tokens", used.Input);
            activity.SetTag("gen_ai.usage.output_tokens", used.Output);
        }

        if (id is not null) activity.SetTag("gen_ai.response.id", id);
        if (reply is not null)
        {
            activity.SetTag("gen_ai.response.finish_reasons", new[] { TelemetryMessages.Reason(reply.Ending) });
            if (Telemetry.ShowsMessages) activity.SetTag("gen_ai.output.messages", TelemetryMessages.Output(reply));
        }

        if (failure is null) return;
        activity.SetTag("error.type", Telemetry.Word(failure.Kind));
        // A service's words may quote the prompt.
        activity.SetStatus(ActivityStatusCode.Error, Telemetry.ShowsMessages ? failure.Message : null);
    }

    /// <summary>It was given up; nobody knows what came of it.</summary>
    public void GivenUp(TimeSpan took)
    {
        const string Word = "cancelled";
        Count(Word, null, took);
        _activity?.SetTag("error.type", Word).SetStatus(ActivityStatusCode.Error);
    }

    public void Dispose() => _activity?.Dispose();

    private void Count(string? error, TokenUsage? usage, TimeSpan took)
    {
        if (!Telemetry.CountsCalls) return;
        var tags = new TagList
        {
            { "gen_ai.operation.name", _operation },
            { "gen_ai.provider.name", Provider(_route) },
            { "gen_ai.request.model", _route.Model },
        };
        if (Server(_route) is { } server) tags.Add("server.address", server.Host);
        if (error is not null) tags.Add("error.type", error);
        Telemetry.CallEnded(tags, usage, took);
    }

    // The conventions have a name of their own for Google's AI Studio.
    private static string Provider(Route route) => route.Provider == "gemini" ? "gcp.gemini" : route.Provider;

    private static Uri? Server(Route route) => Uri.TryCreate(route.BaseUrl, UriKind.Absolute, out var url) && url.Host.Length > 0 ? url : null;
}
