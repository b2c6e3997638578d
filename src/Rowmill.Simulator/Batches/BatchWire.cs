using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Dialects;

namespace Rowmill.Simulator.Batches;

/// <summary>One provider's requests about batches and their files.</summary>
internal abstract class BatchWire
{
    /// <summary>Where a request goes; null when it is not about batches.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="request">The request.</param>
    public abstract Place? Find(string path, HttpRequest request);

    /// <summary>Serves one.</summary>
    public abstract Task HandleAsync(BatchCall call);

    /// <summary>Forgets what is under way.</summary>
    public virtual void Reset()
    {
    }
}

/// <summary>One request about batches or their files.</summary>
/// <param name="Context">The request.</param>
/// <param name="Dialect">Whose manners the reply has.</param>
/// <param name="Place">Where it went.</param>
/// <param name="Key">Who asks.</param>
/// <param name="Desk">What serves it.</param>
internal sealed record BatchCall(HttpContext Context, Dialect Dialect, Place Place, string Key, BatchDesk Desk)
{
    public HttpRequest Request => Context.Request;

    /// <summary>A parameter of the query; empty for none.</summary>
    public string Query(string name) => Request.Query[name].ToString();
}
