using Rowmill.Core.Models;

namespace Rowmill.Core.Packing;

/// <summary>
/// What a route's tokens turn out to be, against what was estimated; learns from every reply. One for each route of a run. Safe for
/// concurrent use; reading takes no lock.
/// </summary>
internal sealed class TokenCalibration
{
    /// <summary>Fewer calls than this show nothing: a spread of three or four differences is worth little.</summary>
    public const int LeastCalls = 5;

    /// <summary>Estimates are on the safe side: a token is seldom more than twice as long as they take it for.</summary>
    private const double LowEstimate = 0.5;

    /// <summary>
    /// A reply cut short would have been longer: it counts half as much again, yet not beyond the usual high end. One that never ended by
    /// itself must not widen the spread of a thousand calls; the margin answers it.
    /// </summary>
    private const double Censored = 1.5;

    /// <summary>A reply cut short costs a whole call, so the next reservation is twice what it had…</summary>
    private const double Growth = 2;

    /// <summary>…up to eight times the usual: three doublings; what runs longer does not end by itself.</summary>
    private const double MostMargin = 8;

    /// <summary>Each reply that fits takes a tenth of it back: a doubling is gone after seven.</summary>
    private const double Decay = 0.9;

    /// <summary>
    /// A token may be a third of what the estimate takes it for, in a script a tokenizer hardly knows; a service that says more counts
    /// something else, or wrongly, and one such number must not fill every later reservation.
    /// </summary>
    private const double MostRefusedRatio = 3;

    private readonly Lock _gate = new();
    private UsageMoments _fresh;
    private volatile State _state;

    /// <summary>Begins with what is stored.</summary>
    /// <param name="question">Of this route and question.</param>
    /// <param name="route">Of this route and all questions: counts for the prompt while there is little of the question.</param>
    public TokenCalibration(UsageMoments question = default, UsageMoments route = default)
    {
        var own = question.IsSound ? question : default;
        _state = new(own, InputModel.Of(own), route.IsSound ? InputModel.Of(route) : null, OutputModel.Of(own), 1, 0);
    }

    /// <summary>All that is known of this route and question.</summary>
    public UsageMoments Known => _state.Known;

    /// <summary>Counted over estimated prompt tokens, of this question, else of the route; null while unknown.</summary>
    public Measured? InputRatio => (_state.Input ?? _state.RouteInput)?.Ratio;

    /// <summary>Reply tokens of one row; null while unknown.</summary>
    public Measured? OutputPerRow => _state.Output?.PerRow;

    /// <summary>Cached prompt tokens of the usual call; zero while nothing is known.</summary>
    public double CachedPerCall => Known is { Calls: > 0 } m ? m.Cached / m.Calls : 0;

    /// <summary>The part of all prompt tokens that was cached, 0 to 1.</summary>
    public double CachedShare => Known is { Input: > 0 } m ? Math.Min(1, m.Cached / m.Input) : 0;

    /// <summary>The part of calls whose reply was cut short, 0 to 1.</summary>
    public double TruncatedShare => Known is { Calls: > 0 } m ? m.Truncated / m.Calls : 0;

    /// <summary>The usual time of a call; null while nothing is known.</summary>
    public TimeSpan? Latency => Known is { Calls: > 0, Seconds: > 0 } m ? TimeSpan.FromSeconds(m.Seconds / m.Calls) : null;

    /// <summary>The usual number of rows of a call; null while nothing is known.</summary>
    public double? UsualRows => Known is { Calls: > 0 } m ? m.Rows / m.Calls : null;

    /// <summary>Prompt tokens as the service will count them.</summary>
    /// <param name="estimate">Tokens as estimated.</param>
    /// <returns>
    /// While nothing is known, the estimate. What other questions showed moves the mean, but may only raise the high end: their text
    /// was another.
    /// </returns>
    public TokenRange Input(double estimate)
    {
        var state = _state;
        var range = state.Input?.At(estimate) ?? Elsewhere(state.RouteInput, estimate);
        return range with { High = Math.Max(range.High, estimate * state.RefusedRatio) };
    }

    /// <summary>Reply tokens.</summary>
    /// <param name="rows">Rows of the request.</param>
    /// <param name="plain">The schema's estimate for them, with headroom for thinking; what is expected and reserved while nothing is known.</param>
    public TokenRange Output(int rows, double plain)
    {
        var state = _state;
        var range = Base(state, rows, plain);
        return range with { High = range.High * state.Margin };
    }

    /// <summary>A reply came.</summary>
    /// <param name="rows">Rows of the request.</param>
    /// <param name="estimatedInput">Its prompt tokens as estimated, uncalibrated.</param>
    /// <param name="usage">What the service counted; without prompt tokens it shows nothing.</param>
    /// <param name="truncated">Whether the output limit cut the reply short.</param>
    /// <param name="latency">From leaving to the last byte; null for a line of a batch, which tells nothing of it.</param>
    /// <param name="plain">The schema's estimate of the reply, as in <see cref="Output"/>.</param>
    public void Observe(int rows, long estimatedInput, TokenUsage usage, bool truncated, TimeSpan? latency, double plain = 0)
    {
        lock (_gate)
        {
            var state = _state;
            var usual = Base(state, rows, plain).High;
            var margin = Math.Max(1, Decay * state.Margin);
            if (truncated)
            {
                // Replies that were under way together were cut at the same length: they raise the margin once.
                if (usual > 0) margin = Math.Clamp(Growth * usage.Output / usual, state.Margin, MostMargin);
                var length = Censored * usage.Output;
                if (state.Output is not null) length = Math.Min(length, usual);
                usage = usage with { Output = (long)length };
            }

            _state = state with { Margin = margin, RefusedRatio = Faded(state) };
            var seen = UsageMoments.Of(rows, estimatedInput, usage, truncated, latency ?? Latency ?? TimeSpan.Zero);
            if (seen.IsSound) Learn(seen);
        }
    }

    /// <summary>The service refused a request as too large and said how many prompt tokens it took it for.</summary>
    /// <param name="estimatedInput">Prompt tokens as estimated, uncalibrated.</param>
    /// <param name="countedInput">Prompt tokens as the service took them; believed up to three times the estimate.</param>
    public void Refused(long estimatedInput, long countedInput)
    {
        if (estimatedInput <= 0) return;
        var ratio = Math.Min(MostRefusedRatio, (double)countedInput / estimatedInput);
        lock (_gate) _state = _state with { RefusedRatio = Math.Max(_state.RefusedRatio, ratio) };
    }

    /// <summary>What was seen since the last time this was called, to be stored.</summary>
    public UsageMoments TakeFresh()
    {
        lock (_gate)
        {
            var fresh = _fresh;
            _fresh = default;
            return fresh;
        }
    }

    private void Learn(UsageMoments seen)
    {
        _fresh += seen;
        var known = _state.Known.Then(seen);
        _state = _state with { Known = known, Input = InputModel.Of(known), Output = OutputModel.Of(known) };
    }

    /// <summary>What a refusal showed, less a tenth of what it is above the replies; they count more the more of them there are.</summary>
    private static double Faded(State state)
    {
        var usual = (state.Input ?? state.RouteInput)?.Ratio.Mean ?? 1;
        return Math.Min(state.RefusedRatio, usual + Decay * (state.RefusedRatio - usual));
    }

    private static TokenRange Elsewhere(InputModel? route, double estimate)
    {
        if (route is null) return new(estimate, LowEstimate * estimate, estimate);
        var (ratio, spread, _) = route.Ratio;
        var range = TokenRange.Around(ratio * estimate, spread * estimate, LeastCalls);
        return new(range.Mean, Math.Min(range.Low, LowEstimate * estimate), Math.Max(range.High, estimate));
    }

    /// <summary>Without the margin. An answer takes a token at the least.</summary>
    private static TokenRange Base(State state, int rows, double plain) =>
        state.Output?.At(rows, plain) ?? new(plain, Math.Min(rows, plain), plain);

    private sealed record State(
        UsageMoments Known, InputModel? Input, InputModel? RouteInput, OutputModel? Output, double Margin, double RefusedRatio);
}
