using Rowmill.Core.Models;

namespace Rowmill.Providers.Http;

/// <summary>
/// Sends one request to one service and reads the whole reply, within its times and sizes. What goes wrong on the way is a value; only the
/// caller's cancellation is thrown, and what this machine's own disk refuses of a transfer.
/// </summary>
/// <param name="http">Sends.</param>
/// <param name="clock">The clock of the times.</param>
/// <param name="baseUrl">The service, for messages.</param>
/// <param name="timeout">How long one request may take in all. Connecting has a bound of its own, see <see cref="SharedHttp.ConnectTimeout"/>.</param>
internal sealed class HttpChannel(HttpMessageInvoker http, TimeProvider clock, string baseUrl, TimeSpan timeout)
{
    /// <summary>The longest reply that is read.</summary>
    public const int LargestReply = 32 << 20;

    private const int LargestError = 1 << 20;

    // A timer takes no more (49.7 days).
    private static readonly TimeSpan s_longestTimeout = TimeSpan.FromMilliseconds(uint.MaxValue - 1.0);

    // A reply is sent in one go once it is written: where nothing comes for so long, the connection is dead.
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(60);

    private readonly TimeSpan _timeout = timeout > s_longestTimeout ? s_longestTimeout : timeout;

    /// <summary>Headers of every request. Without a User-Agent, Cloudflare in front of Groq answers 403 "error code: 1010".</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> CommonHeaders { get; } = [new("User-Agent", "rowmill/0.1"), new("Accept", "application/json")];

    /// <summary>Sends a request.</summary>
    /// <param name="message">The request.</param>
    /// <param name="sent">The buffer behind its content; null when it has none.</param>
    /// <param name="caller">The caller's cancellation.</param>
    /// <param name="transfer">A file that goes with it or comes back, which has no time and no size of its own but may never stand still; null for neither.</param>
    public async ValueTask<HttpAnswer> SendAsync(HttpRequestMessage message, PooledBuffer? sent, CancellationToken caller, FileTransfer? transfer = null)
    {
        var whole = _timeout;
        var began = clock.GetTimestamp();
        using var deadline = new CancellationTokenSource(whole, clock);
        if (transfer?.Up is { } up) up.Moved = () => deadline.CancelAfter(whole);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(caller, deadline.Token);
        HttpResponseMessage? response = null;
        PooledBuffer? body = null;
        try
        {
            try
            {
                response = await http.SendAsync(message, either.Token).ConfigureAwait(false);
            }
            catch
            {
                sent?.Abandon(); // a connection that is being torn down may still read it
                throw;
            }
            finally
            {
                if (transfer?.Up is { } sending) sending.Moved = null;
            }

            if (transfer is not null) began = clock.GetTimestamp();
            if (transfer?.Down is { } down && response.IsSuccessStatusCode)
            {
                await down.TakeAsync(response, () => deadline.CancelAfter(s_longestPause), either.Token, caller).ConfigureAwait(false);
                return new HttpAnswer(response, new PooledBuffer(0), null);
            }

            body = new PooledBuffer(ExpectedLength(response));
            var most = response.IsSuccessStatusCode ? LargestReply : LargestError;
            var pauses = new Pauses(deadline, clock, began, whole);
            var isWhole = await ReadAsync(response, body, most, pauses, either.Token).ConfigureAwait(false);
            var tooLong = isWhole || !response.IsSuccessStatusCode
                ? null
                : new ModelFailure(FailureKind.BadReply, $"the reply of {baseUrl} is longer than {LargestReply >> 20} MB") { Billed = true };
            return new HttpAnswer(response, body, tooLong);
        }
        catch (Exception) when (transfer?.Refused is not null)
        {
            response?.Dispose();
            transfer.Refused.Throw();
            throw;
        }
        catch (Exception e) when (e is OperationCanceledException || ConnectionFailures.Covers(e))
        {
            if (caller.IsCancellationRequested)
            {
                body?.Dispose();
                response?.Dispose();
                caller.ThrowIfCancellationRequested();
            }

            // What an error said before it broke is enough to know what it means.
            if (response is { IsSuccessStatusCode: false } && !deadline.IsCancellationRequested) return new HttpAnswer(response, body, null);
            var failure = deadline.IsCancellationRequested ? TimedOut(response is not null, clock.GetElapsedTime(began), transfer) : ConnectionFailures.Of(e, baseUrl);
            return new HttpAnswer(response, body, failure);
        }
    }

    private ModelFailure TimedOut(bool replied, TimeSpan after, FileTransfer? transfer) => new(
        FailureKind.TimedOut,
        replied && (after < _timeout || transfer?.Down is not null)
            ? $"the reply of {baseUrl} stopped for {s_longestPause.TotalSeconds:0.###} s in the middle"
            : $"no {(replied ? "whole " : "")}reply from {baseUrl} within {_timeout.TotalSeconds:0.###} s");

    private static int ExpectedLength(HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is { } length and < LargestReply ? (int)length + 1 : 16384;

    /// <summary>Reads to the end; false when there is more than the reader takes.</summary>
    private static async ValueTask<bool> ReadAsync(
        HttpResponseMessage response, PooledBuffer into, int most, Pauses pauses, CancellationToken cancellation)
    {
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            while (true)
            {
                pauses.Began();
                var read = await stream.ReadAsync(into.GetMemory(), cancellation).ConfigureAwait(false);
                if (read == 0) return true;
                into.Advance(read);
                if (into.Length > most) return false;
            }
        }
        catch (OperationCanceledException)
        {
            into.Abandon(); // a connection that is being torn down may still write it
            throw;
        }
    }

    /// <summary>Moves the deadline to the end of the longest pause, but never beyond the request's own.</summary>
    private sealed class Pauses(CancellationTokenSource deadline, TimeProvider clock, long began, TimeSpan whole)
    {
        public void Began()
        {
            var left = whole - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero) return;
            deadline.CancelAfter(left < s_longestPause ? left : s_longestPause);
        }
    }
}

/// <summary>What came of a request: a response with its body, or a failure, or both when the body broke off.</summary>
/// <param name="Response">The response; null when none came.</param>
/// <param name="Body">Its body, as far as it came; null without a response.</param>
/// <param name="Failure">What went wrong on the way; null when the response is whole.</param>
internal sealed record HttpAnswer(HttpResponseMessage? Response, PooledBuffer? Body, ModelFailure? Failure) : IDisposable
{
    public void Dispose()
    {
        Response?.Dispose();
        Body?.Dispose();
    }
}
