using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Chat;

/// <summary>Makes of what a service answered the result of a request, whether it came alone or as a line of a batch's results.</summary>
internal sealed class ChatReplies(ChatProtocol protocol, SecretMask mask, TimeProvider clock)
{
    private readonly ServiceFailures _failures = new(protocol, mask, clock);
    private readonly Route _route = protocol.Route;

    /// <summary>Reads the body of a success.</summary>
    /// <param name="response">Its status and headers.</param>
    /// <param name="body">The body.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="bounds">The most tokens it can have taken.</param>
    /// <param name="sent">Bytes of the request's body.</param>
    public ModelResult Read(HttpResponseMessage response, ReadOnlySpan<byte> body, ModelRequest request, UsageBounds bounds, int sent)
    {
        WireReply reply;
        try
        {
            reply = protocol.Read(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Failed(
                JsonText.IsCutOff(body)
                    ? Salvaged(new ModelFailure(FailureKind.ConnectionLost, $"{_route.BaseUrl} closed the connection before the reply was complete"), body)
                    : BadReply("is not JSON of its kind", response, body, billed: false),
                response);
        }

        if (reply.HasError && !reply.HasMessage) return Refused(response, body, request.Form, ServiceError.Read(body.ToArray()));
        if (reply.Blocked is { } why)
        {
            var blocked = new ModelFailure(FailureKind.Filtered, $"the service blocked the prompt: {why}") { Usage = reply.Usage, Billed = reply.Usage is { Output: > 0 } };
            return Failed(blocked, response);
        }

        if (reply.BrokeOff is { } broke) return Failed(Broken(broke, reply.Text), response);
        if (!reply.HasMessage) return Failed(BadReply("holds no message of a model", response, body, billed: reply.Usage is not null), response);
        if (protocol.Doubt(reply, request, sent) is { } doubt) return Failed(doubt, response);

        var refused = !string.IsNullOrEmpty(reply.Refusal);
        return new ModelResult
        {
            Reply = new ModelReply(reply.Text ?? [], refused ? ReplyEnding.Refused : reply.Ending, bounds.Believed(protocol.Counted(reply, request)))
            {
                Refusal = refused ? reply.Refusal : null,
            },
            RequestId = RequestId(response) ?? reply.Id,
            Limits = protocol.Limits(response.Headers, refused: false),
        };
    }

    /// <summary>Reads a refusal, or an error sent with status 200.</summary>
    /// <param name="response">Its status and headers.</param>
    /// <param name="body">Its body, which shows it.</param>
    /// <param name="form">The form that was asked for.</param>
    /// <param name="error">What the body says.</param>
    public ModelResult Refused(HttpResponseMessage response, ReadOnlySpan<byte> body, StructuredOutput form, ServiceError error)
    {
        var (failure, limits) = _failures.Of(response, body, form, error);
        return Failed(failure, response) with { Limits = limits };
    }

    /// <summary>What a refusal teaches of the model's fields; null when nothing, or when it is already known.</summary>
    public WireHabits? Taught(HttpResponseMessage response, ServiceError error, ModelRequest request, WireHabits sent) =>
        (int)response.StatusCode is 400 or 422 ? protocol.Heed(error, request, sent) : null;

    /// <summary>A refusal that has taught something: the same is to be asked again, written the other way.</summary>
    public static ModelResult AsParameterRefused(ModelResult refused) =>
        refused with { Failure = refused.Failure! with { Kind = FailureKind.ParameterRefused } };

    /// <summary>A reply that broke off on its way was written, and is charged for: what came of it is kept.</summary>
    public ModelFailure Salvaged(ModelFailure broken, ReadOnlySpan<byte> body)
    {
        broken = broken with { Billed = true };
        if (JsonText.Closed(body) is not { } closed) return broken;
        try
        {
            return broken with { PartialText = protocol.Read(closed).Text };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return broken; // it broke off before anything of use
        }
    }

    /// <summary>A failure as a result, with nothing secret in it.</summary>
    public ModelResult Failed(ModelFailure failure, HttpResponseMessage? response = null) => new()
    {
        Failure = failure with { Message = mask.Hide(Evidence.OneLine(failure.Message)), HttpStatus = failure.HttpStatus ?? (int?)response?.StatusCode },
        RequestId = response is null || RequestId(response) is not { } id ? null : mask.Hide(id),
        Limits = response is null ? [] : protocol.Limits(response.Headers, refused: false),
    };

    /// <summary>A stream whose end never came: its text counts as that of a connection that broke; without any it was an outage.</summary>
    private static ModelFailure Broken(string why, byte[]? text) => text is { Length: > 0 }
        ? new ModelFailure(FailureKind.ConnectionLost, $"the reply broke off: {why}") { Billed = true, PartialText = text }
        : new ModelFailure(FailureKind.Unavailable, why);

    private ModelFailure BadReply(string what, HttpResponseMessage response, ReadOnlySpan<byte> body, bool billed) =>
        new(FailureKind.BadReply, $"the reply of {_route.BaseUrl} {what}; does base_url lead to a service of the kind '{_route.Provider}'?")
        {
            HttpStatus = (int)response.StatusCode,
            Evidence = mask.Hide(Evidence.Of(response, body)),
            Billed = billed,
        };

    private string? RequestId(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues(protocol.RequestIdHeader, out var values) ? values.ToString() : null;
}
