using System.Text;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Runs;

/// <summary>Single requests to models, metered.</summary>
public static class MeteredModels
{
    // Each message is wrapped in marks of its role: OpenAI counts 3 tokens for it, templates with more of them about twice as many.
    private const int TokensPerMessage = 6;

    /// <summary>One turn of a chat.</summary>
    /// <param name="calls">Sends.</param>
    /// <param name="route">Whom it asks.</param>
    /// <param name="client">The route's client.</param>
    /// <param name="request">What it says. Where the caller sets no output limit, it is lowered to what the route's windows let through.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The reply, or the failure that is final or has outlived the patience.</returns>
    public static async ValueTask<ModelResult> AskAsync(
        this MeteredCalls calls, Route route, IModelClient client, ModelRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var input = InputTokens(request);
        if (request.Sampling.MaxOutputTokens is null && MostOutput(route.Limits, input) is { } most && most < request.MaxOutputTokens)
            request = request with { MaxOutputTokens = (int)Math.Max(1, most) };
        var reply = await calls.CallAsync(new MeteredCall<ModelReply>
        {
            Route = route,
            Question = CallSpan.Chat,
            Asked = request,
            Demand = new Demand(input, request.MaxOutputTokens),
            Send = async cancellation =>
            {
                var result = await client.AskAsync(request, cancellation).ConfigureAwait(false);
                return new(result.Reply, result.Failure) { Usage = result.Reply?.Usage, RequestId = result.RequestId, Limits = result.Limits };
            },
        }, cancellationToken).ConfigureAwait(false);
        return new ModelResult { Reply = reply.Value, Failure = reply.Failure, RequestId = reply.RequestId, Limits = reply.Limits };
    }

    /// <summary>One recording. What it costs is known where the service tells tokens, or seconds and the route a price of a minute.</summary>
    /// <param name="calls">Sends.</param>
    /// <param name="route">Whom it asks.</param>
    /// <param name="client">The route's client.</param>
    /// <param name="recording">The recording.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The transcript, or the failure that is final or has outlived the patience.</returns>
    public static async ValueTask<TranscriptionResult> TranscribeAsync(
        this MeteredCalls calls, Route route, ITranscriptionClient client, Recording recording, TranscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calls);
        TranscriptionResult? last = null;
        var reply = await calls.CallAsync(new MeteredCall<Transcript>
        {
            // How many tokens or seconds it holds nobody knows before: a price of tokens would make it cost nothing.
            Route = route with { Price = null },
            Question = CallSpan.Transcription,
            Operation = CallSpan.Transcription,
            Rows = [ShownFields.Key(Encoding.UTF8.GetBytes(recording.Name))],
            Demand = new Demand(0, 0),
            Send = async cancellation =>
            {
                last = await client.TranscribeAsync(recording, options, cancellation).ConfigureAwait(false);
                return new(last.Transcript, last.Failure)
                {
                    Usage = last.Usage,
                    Usd = last.Usage is { } used ? route.Price?.Of(used) : last.Seconds * route.Price?.PerMinute / 60,
                    RequestId = last.RequestId,
                    Limits = last.Limits,
                };
            },
        }, cancellationToken).ConfigureAwait(false);
        return (last ?? new TranscriptionResult()) with { Transcript = reply.Value, Failure = reply.Failure };
    }

    private static long InputTokens(ModelRequest request) =>
        Estimate(request.System) + TokenEstimate.Of(request.User.Span) + request.Earlier.Sum(t => (long)Estimate(t.Text))
        + (request.Form is StructuredOutput.StrictSchema or StructuredOutput.Schema ? TokenEstimate.Of(request.ReplySchema.Span) : 0)
        + TokensPerMessage * (request.Earlier.Count + 2L);

    private static int Estimate(string text) => TokenEstimate.Of(Encoding.UTF8.GetBytes(text));

    private static long? MostOutput(RouteLimits limits, long input) =>
        new[] { limits.TokensPerMinute - input, limits.TokensPerDay - input, limits.OutputTokensPerMinute }.Min();
}
