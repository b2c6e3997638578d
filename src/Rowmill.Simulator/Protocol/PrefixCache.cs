using Rowmill.Simulator.Answers;

namespace Rowmill.Simulator.Protocol;

/// <summary>Which system messages were processed lately: a prefix counts as cached once a request with it has ended. Safe for concurrent use.</summary>
internal sealed class PrefixCache(TimeProvider clock, int fromTokens)
{
    private const int Capacity = 10_000;
    private const int Block = 128;

    /// <summary>Groq keeps a prefix for two hours after its last use.</summary>
    private static readonly TimeSpan s_keep = TimeSpan.FromHours(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Key, string Model, ulong Text), long> _seen = [];

    /// <summary>How many tokens of this request's system message are cached, in whole blocks.</summary>
    public int CachedTokens(string key, ChatRequest request)
    {
        var system = request.System;
        var tokens = Tokens.Of(System.Text.Encoding.UTF8.GetByteCount(system));
        if (tokens < fromTokens) return 0;
        lock (_gate)
        {
            return _seen.TryGetValue((key, request.Model, Mix.Hash(system)), out var at) && clock.GetElapsedTime(at) < s_keep
                ? tokens / Block * Block
                : 0;
        }
    }

    public void Remember(string key, ChatRequest request)
    {
        lock (_gate)
        {
            if (_seen.Count >= Capacity) _seen.Clear();
            _seen[(key, request.Model, Mix.Hash(request.System))] = clock.GetTimestamp();
        }
    }

    public void Reset()
    {
        lock (_gate) _seen.Clear();
    }
}
