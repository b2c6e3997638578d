using System.Security.Cryptography;
using System.Text;
using Rowmill.Simulator.Ledger;

namespace Rowmill.Simulator.Limits;

/// <summary>What one key has taken of one model. Its owner locks.</summary>
internal sealed class AccountCounts
{
    private readonly long[] _refused = new long[Dimensions.Count];
    private readonly long[] _tooLarge = new long[Dimensions.Count];
    private long _admitted, _counted, _prompt, _cached, _output;
    private DateTimeOffset? _first, _last, _lastReply;

    public void Admit(DateTimeOffset now)
    {
        _admitted++;
        _first ??= now;
        _last = now;
    }

    public void Refuse(Refusal refusal) => (refusal.Oversized ? _tooLarge : _refused)[(int)refusal.Dimension]++;

    public void Cancel() => _admitted--;

    public void Settle(Claim used, Bill? bill, DateTimeOffset now)
    {
        _counted += used.Tokens;
        if (bill is not { } charged) return;
        _lastReply = now;
        _prompt += charged.Prompt;
        _cached += charged.Cached;
        _output += charged.Output;
    }

    public AccountStats Snapshot(string key, string model) => new()
    {
        Key = key.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 4)),
        Model = model,
        Admitted = _admitted,
        Refused = Named(_refused),
        TooLarge = Named(_tooLarge),
        TokensCounted = _counted,
        PromptTokens = _prompt,
        CachedTokens = _cached,
        OutputTokens = _output,
        FirstAdmittedAt = _first,
        LastAdmittedAt = _last,
        LastReplyAt = _lastReply,
    };

    private static SortedDictionary<string, long> Named(long[] counts)
    {
        var named = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] > 0) named[Dimensions.Key((Dimension)i)] = counts[i];
        return named;
    }
}
