using Rowmill.Simulator;
using Rowmill.Tests.Support;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>Moves the client's clock past every timeout as soon as the simulator keeps a request for ever: nobody waits, and no slow machine times out.</summary>
internal sealed class Impatient(SimulatorServer server) : DelegatingHandler
{
    private readonly VirtualClock _clock = new(TimeProvider.System.GetUtcNow());

    /// <summary>The client's clock: it begins with the time, which the service tells dates by, and moves for nothing else.</summary>
    public TimeProvider Clock => _clock;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // One request at a time: the next to be accepted is this one.
        var before = server.Stats.Accepted;
        var reply = base.SendAsync(request, cancellationToken);
        if (before >= server.Options.Script.Count || server.Options.Script[(int)before] != SimulatorFault.Hang) return await reply;
        while (!reply.IsCompleted && server.Stats.Accepted == before) await Task.Yield();
        if (!reply.IsCompleted) _clock.Advance(TimeSpan.FromDays(1));
        return await reply;
    }
}
