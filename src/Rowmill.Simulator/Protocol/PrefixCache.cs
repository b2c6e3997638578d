using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Protocol;

/// <summary>Which prefixes were processed lately: one counts as cached once a request with it has ended. Safe for concurrent use.</summary>
internal sealed class PrefixCache(TimeProvider clock, int fromTokens)
{
    private const int Capacity = 10_000;
    private const int Block = 128;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Model, ulong Text), long> _seen = [];

    /// <summary>How many tokens of this request's prefix are cached, and how many will be from now on, in whole blocks.</summary>
    public (int Read, int Written) Look(string key, ChatRequest request)
    {
        var prefix = request.Cache.Text ?? request.System;
        var tokens = Tokens.Of(System.Text.Encoding.UTF8.GetByteCount(prefix));
        if (tokens < fromTokens) return default;
        var whole = tokens / Block * Block;
        lock (_gate)
        {
            return _seen.TryGetValue((key, request.Model, Mix.Hash(prefix)), out var at) && clock.GetElapsedTime(at) < request.Cache.Keep
                ? (whole, 0)
                : (0, whole);
        }
    }

    public void Remember(string key, ChatRequest request)
    {
        lock (_gate)
        {
            if (_seen.Count >= Capacity) _seen.Clear();
            _seen[(key, request.Model, Mix.Hash(request.Cache.Text ?? request.System))] = clock.GetTimestamp();
        }
    }

    public void Reset()
    {
        lock (_gate) _seen.Clear();
    }
}
