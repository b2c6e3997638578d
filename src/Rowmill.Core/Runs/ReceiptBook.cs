using Rowmill.Core.Models;
using Rowmill.Core.Outputs;
using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Runs;

/// <summary>Writes the receipts of one chunk of rows after another.</summary>
/// <param name="calls">The ledger.</param>
/// <param name="scope">Which stored outcomes count.</param>
/// <param name="routes">The job's routes.</param>
/// <param name="lastRun">The job's last run: what others asked came from the cache.</param>
internal sealed class ReceiptBook(ICallLedger calls, AnswerScope scope, IReadOnlyList<Route> routes, string? lastRun)
{
    private readonly Dictionary<string, string> _models = routes
        .DistinctBy(r => r.Id).ToDictionary(r => r.Id, r => routes.Any(other => other.Name == r.Name && other.Id != r.Id) ? r.Id : r.Name, StringComparer.Ordinal);

    private RowCall[] _wanted = [];
    private CallShare?[] _shares = [];

    /// <summary>Writes a receipt for each outcome.</summary>
    /// <param name="keys">The rows.</param>
    /// <param name="found">The rows' outcomes; null where there is none.</param>
    /// <param name="receipts">Receives the receipts; as long as both.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask WriteAsync(
        ReadOnlyMemory<RowKey> keys, ReadOnlyMemory<StoredOutcome?> found, Memory<RowReceipt?> receipts, CancellationToken cancellationToken)
    {
        if (_wanted.Length < keys.Length) (_wanted, _shares) = (new RowCall[keys.Length], new CallShare?[keys.Length]);
        var wanted = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (found.Span[i] is { } outcome) _wanted[wanted++] = new RowCall(outcome.CallId, keys.Span[i]);
        }

        await calls.FindSharesAsync(_wanted.AsMemory(0, wanted), _shares.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
        wanted = 0;
        for (var i = 0; i < keys.Length; i++) receipts.Span[i] = found.Span[i] is { } outcome ? Of(outcome, _shares[wanted++]) : null;
    }

    private RowReceipt Of(StoredOutcome outcome, CallShare? share) => new()
    {
        Model = _models.GetValueOrDefault(outcome.Route, outcome.Route),
        Prompt = scope.Question,
        RunId = outcome.RunId,
        Call = outcome.CallId,
        Attempt = outcome.Attempt,
        InputTokens = share?.Tokens.Input,
        CachedInputTokens = share?.Tokens.CachedInput,
        OutputTokens = share?.Tokens.Output,
        Usd = share?.Usd,
        Latency = share?.Latency,
        FromCache = outcome.RunId != lastRun,
        At = outcome.At,
    };
}
