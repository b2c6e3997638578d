namespace Rowmill.Core.Runs;

/// <summary>A way of asking what a run has to ask.</summary>
/// <param name="plan">The job.</param>
/// <param name="run">The run.</param>
/// <param name="online">Asks request by request what is left.</param>
internal delegate Task Asking(OpenedJob plan, RunContext run, Func<Task> online);
