using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>What a provider tells without a model: its models, their limits, the tokens of a request. Nothing of it is charged or limited.</summary>
internal sealed class InfoEndpoint(SimulatorOptions options, TimeProvider clock, RequestLedger ledger, Replies replies, Func<IReadOnlyList<string>> loaded)
{
    public async Task HandleAsync(HttpContext context, Dialect dialect, Place place)
    {
        var body = HttpMethods.IsPost(place.Method) ? await RequestBody.ReadAsync(context) : "{}"u8.ToArray();
        var told = JsonBody.Read<Dialect, Told>(body, Tell, dialect) ?? dialect.BadJson();
        if (told.Error is { } error)
        {
            await replies.RefuseAsync(context, dialect, error);
            return;
        }

        ledger.Ended(place.Operation switch
        {
            Operation.Models => "models",
            Operation.CountTokens => "count_tokens",
            _ => "info",
        });
        await replies.SendAsync(context, dialect, 200, told.ContentType, told.Body);

        Told Tell(JsonElement root, Dialect to) => to.Tell(
            new Question(place, context.Request.Query, root, options.KnownModels ?? ["simulated"], loaded(), clock.GetUtcNow()));
    }
}
