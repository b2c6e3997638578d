using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Dialects.Compatible;

namespace Rowmill.Simulator.Http;

/// <summary>All that a provider does, by operation.</summary>
internal sealed class Endpoints(ChatEndpoint chat, EmbedEndpoint embed, SpeechEndpoint speech, InfoEndpoint info, BatchDesk batches)
{
    public Task HandleAsync(HttpContext context, Dialect dialect, Place place, string key) => place.Operation switch
    {
        Operation.Chat => chat.HandleAsync(context, dialect, place, key),
        Operation.Embed => embed.HandleAsync(context, dialect, place, key),
        // No other dialect has a place for it.
        Operation.Transcribe => speech.HandleAsync(context, (CompatibleDialect)dialect, place, key),
        Operation.Batch => batches.HandleAsync(context, dialect, place, key),
        _ => info.HandleAsync(context, dialect, place),
    };
}
