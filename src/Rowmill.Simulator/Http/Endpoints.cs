using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Dialects;

namespace Rowmill.Simulator.Http;

/// <summary>All that a provider does, by operation.</summary>
internal sealed class Endpoints(ChatEndpoint chat, InfoEndpoint info)
{
    public Task HandleAsync(HttpContext context, Dialect dialect, Place place, string key) => place.Operation switch
    {
        Operation.Chat => chat.HandleAsync(context, dialect, place, key),
        _ => info.HandleAsync(context, dialect, place),
    };
}
