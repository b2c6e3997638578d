using System.Text;
using Rowmill.Core.Limits;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;

namespace Rowmill.Core.Runs;

/// <summary>Chat turns as metered calls.</summary>
public static class MeteredChat
{
    // What it bears in the ledger where a job's call bears its question.
    private const string Question = "chat";

    // Each message is wrapped in marks of its role: OpenAI counts 3 tokens for it, templates with more of them about twice as many.
    private const int TokensPerMessage = 6;

    /// <summary>Makes one request of a chat.</summary>
    /// <param name="calls">The meter.</param>
    /// <param name="route">Whom it asks.</param>
    /// <param name="client">The route's client.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The reply; a failure when that is final, or when the patience is over.</returns>
    public static async ValueTask<ModelResult> AskAsync(
        this MeteredCalls calls, Route route, IModelClient client, ModelRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var met = await calls.CallAsync(
            new MeteredCall<ModelReply>
            {
                Route = route,
                Question = Question,
                Demand = new Demand(InputTokens(request), request.MaxOutputTokens),
                Send = async cancellation =>
                {
                    var result = await client.AskAsync(request, cancellation).ConfigureAwait(false);
                    return new MeteredReply<ModelReply>(result.Reply, result.Failure)
                    {
                        Usage = result.Reply?.Usage,
                        RequestId = result.RequestId,
                        Limits = result.Limits,
                    };
                },
            },
            cancellationToken).ConfigureAwait(false);
        return new ModelResult { Reply = met.Value, Failure = met.Failure, RequestId = met.RequestId, Limits = met.Limits };
    }

    private static long InputTokens(ModelRequest request) =>
        TokenEstimate.Of(Encoding.UTF8.GetBytes(request.System))
        + TokenEstimate.Of(request.User.Span)
        + TokenEstimate.Of(request.ReplySchema.Span)
        + request.Earlier.Sum(turn => (long)TokenEstimate.Of(Encoding.UTF8.GetBytes(turn.Text)))
        + TokensPerMessage * (request.Earlier.Count + 2L);
}
