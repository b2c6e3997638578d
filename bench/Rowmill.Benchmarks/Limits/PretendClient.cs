using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Benchmarks.Limits;

/// <summary>The way to a pretend service and back, and the model behind it. Every delay is on the clock and drawn from the seed.</summary>
/// <param name="service">The service.</param>
/// <param name="answer">The members of one row's answer, without braces.</param>
/// <param name="clock">The clock.</param>
/// <param name="seed">The seed.</param>
internal sealed class PretendClient(PretendService service, Func<Random, string> answer, TimeProvider clock, int seed) : IModelClient
{
    // A tokenizer that the engine does not know: so many bytes a token, and the frame of a chat.
    private const double BytesPerToken = 4.1;
    private const int ChatTokens = 12;

    private readonly Random _chance = new(seed);

    public StructuredOutput StructuredOutput => StructuredOutput.StrictSchema;

    public async ValueTask<ModelResult> AskAsync(ModelRequest request, CancellationToken cancellationToken = default)
    {
        await TravelAsync(cancellationToken).ConfigureAwait(false);
        var options = service.Options;
        var rows = Rows(request);
        var prompt = Tokens(Encoding.UTF8.GetByteCount(request.System) + request.User.Length + request.ReplySchema.Length) + ChatTokens;
        var (call, away) = service.Admit(rows, prompt, request.MaxOutputTokens);
        if (call is null)
        {
            await TravelAsync(cancellationToken).ConfigureAwait(false);
            return Refusal(away!);
        }

        var told = service.Readings();
        if (service.Slots is { } slots)
        {
            if (service.InFlight > options.Slots + options.Line)
            {
                service.Overloaded++;
                service.End(call, 0, 0);
                await TravelAsync(cancellationToken).ConfigureAwait(false);
                return new() { Failure = new ModelFailure(FailureKind.Unavailable, "server busy, please try again") { HttpStatus = 503 } };
            }

            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        var reply = Reply(rows);
        var output = Tokens(reply.Length);
        var ending = ReplyEnding.Complete;
        if (output > request.MaxOutputTokens)
        {
            (output, ending) = (request.MaxOutputTokens, ReplyEnding.Truncated);
            reply = reply[..(int)(output * BytesPerToken)];
        }

        var latency = (options.FirstToken + options.Token * output) * (1 + options.Spread * (2 * _chance.NextDouble() - 1));
        await Task.Delay(latency, clock, cancellationToken).ConfigureAwait(false);
        call.Worked = latency;
        service.Slots?.Release();
        service.End(call, prompt, output);
        await TravelAsync(cancellationToken).ConfigureAwait(false);
        return new()
        {
            Reply = new ModelReply(reply, ending, new TokenUsage((long)prompt, 0, (long)output)),
            Limits = told,
        };
    }

    public RequestPreview Preview(ModelRequest request) => new("POST", "http://pretend.test", [], "{}");

    public IReadOnlyList<string> Losses(ModelRequest request) => [];

    private Task TravelAsync(CancellationToken cancellationToken)
    {
        var (least, most) = service.Options.Transit;
        return Task.Delay(least + (most - least) * _chance.NextDouble(), clock, cancellationToken);
    }

    private ModelResult Refusal(TurnedAway away)
    {
        if (away.Wait is not { } wait)
        {
            var message = string.Create(
                CultureInfo.InvariantCulture, $"Request too large on {away.Window.Name}: Limit {away.Window.Limit}, Requested {away.Requested:0}");
            return new() { Failure = new ModelFailure(FailureKind.TooLarge, message) { HttpStatus = 413, Window = away.Window.Name } };
        }

        var failure = new ModelFailure(FailureKind.RateLimited, "Rate limit reached") { HttpStatus = 429 };
        // Milliseconds, as the messages of OpenAI and Groq have them.
        var opens = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        switch (service.Options.Refuses)
        {
            case Refusing.Wait:
                return new() { Failure = failure with { RetryAfter = opens } };
            case Refusing.Nothing:
                return new() { Failure = failure };
            case Refusing.RetryAfter:
                return new() { Failure = failure with { RetryAfter = TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)) } };
            default:
                return new()
                {
                    Failure = failure with { RetryAfter = opens, Window = away.Window.Name },
                    Limits =
                    [
                        new LimitReading(away.Window.Name)
                        {
                            Limit = away.Window.Limit,
                            Used = Math.Round(away.Used),
                            Requested = (long)away.Requested,
                            OpensIn = opens,
                            Refused = true,
                            Calendar = away.Window.Calendar,
                        },
                    ],
                };
        }
    }

    private static int Rows(ModelRequest request)
    {
        using var user = JsonDocument.Parse(request.User);
        return user.RootElement.GetProperty("rows").GetArrayLength();
    }

    private byte[] Reply(int rows)
    {
        var text = new StringBuilder("{\"rows\":[");
        for (var i = 1; i <= rows; i++) text.Append(i == 1 ? "{\"id\":" : ",{\"id\":").Append(i).Append(',').Append(answer(_chance)).Append('}');
        return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
    }

    private static double Tokens(int bytes) => Math.Ceiling(bytes / BytesPerToken);
}
