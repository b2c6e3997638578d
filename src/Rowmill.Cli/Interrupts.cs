using System.Runtime.InteropServices;

namespace Rowmill.Cli;

/// <summary>Ctrl-C and SIGTERM: the first asks for a clean stop, the second gives up what is still going on.</summary>
internal sealed class Interrupts : IDisposable
{
    /// <summary>Signals this close are one: a shell or a supervisor may signal a process and its group.</summary>
    private static readonly TimeSpan s_together = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly PosixSignalRegistration[] _registrations;
    private long _first;

    public Interrupts()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Cancelled by the second.</summary>
    public CancellationToken Abort => _abort.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
        _abort.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_gate)
        {
            if (!_stop.IsCancellationRequested)
            {
                _first = TimeProvider.System.GetTimestamp();
                _stop.Cancel();
            }
            else if (TimeProvider.System.GetElapsedTime(_first) > s_together)
            {
                _abort.Cancel();
            }
        }
    }
}
