using System.Text;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Ollama;

/// <summary>
/// The context (num_ctx) that requests to one model set aside: as much as the largest of them has needed. Another one makes the server load
/// the model anew, which takes longer than many replies, so it only grows, and in doublings. Safe for concurrent use.
/// </summary>
/// <param name="route">The route's context, its upper bound.</param>
internal sealed class OllamaContext(int route)
{
    /// <summary>The least that is set aside: less saves no memory worth it.</summary>
    public const int Least = 4096;

    /// <summary>The smallest context that any version took when it was told nothing.</summary>
    public const int LeastSeen = 2048;

    /// <summary>The chat template, and the words an estimate may be short of.</summary>
    public const int Headroom = 256;

    /// <summary>Counts of one reply may be off by the tokens that begin and end it.</summary>
    public const int CountSlack = 16;

    /// <summary>Without an estimate every token is taken to be this short, in bytes: on the safe side of all common scripts.</summary>
    private const int ShortToken = 2;

    /// <summary>
    /// The longest tokens are longer than this, but no text made of such alone: words of English or of any script take five characters a token
    /// at most, labels and JSON fewer.
    /// </summary>
    private const int LongToken = 8;

    private int _largest;

    /// <summary>The context for a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="least">What refusals have shown to be needed; 0 for nothing.</param>
    public int For(ModelRequest request, int least)
    {
        var prompt = request.InputTokens > 0 ? request.InputTokens : Bytes(request) / ShortToken;
        var needed = Math.Max(least, prompt + request.MaxOutputTokens + Headroom);
        long context = Least;
        while (context < needed) context *= 2;
        return (int)Math.Min(Most(request), Raise((int)Math.Min(context, route)));
    }

    /// <summary>A larger context than a request had, for the next one; null when its bound is reached.</summary>
    public int? Larger(ModelRequest request) => request.ContextTokens < Most(request) ? Math.Min(2 * request.ContextTokens, Most(request)) : null;

    /// <summary>Sets more aside from now on than a request had.</summary>
    /// <returns>False when its bound is reached.</returns>
    public bool Grow(ModelRequest request)
    {
        if (Larger(request) is not { } larger) return false;
        Raise(larger);
        return true;
    }

    /// <summary>Fewer tokens than this no tokenizer makes of a request's messages.</summary>
    public static int LeastTokens(ModelRequest request) => LeastTokens(request.System) + LeastTokens(request.User.Span);

    /// <summary>The same for a text: only characters that differ from the one before count, since a long run of one may be a single token.</summary>
    public static int LeastTokens(ReadOnlySpan<byte> utf8)
    {
        var (characters, before) = (0, default(Rune));
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out var rune, out var bytes);
            if (rune != before) characters++;
            before = rune;
            utf8 = utf8[bytes..];
        }

        return characters / LongToken;
    }

    private static int LeastTokens(string text)
    {
        var (characters, before) = (0, default(Rune));
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune != before) characters++;
            before = rune;
        }

        return characters / LongToken;
    }

    private static long Bytes(ModelRequest request) =>
        Encoding.UTF8.GetByteCount(request.System) + request.User.Length + request.Earlier.Sum(t => Encoding.UTF8.GetByteCount(t.Text));

    private int Most(ModelRequest request) => request.MostContextTokens > 0 ? Math.Min(request.MostContextTokens, route) : route;

    private int Raise(int context)
    {
        while (true)
        {
            var largest = Volatile.Read(ref _largest);
            if (context <= largest) return largest;
            if (Interlocked.CompareExchange(ref _largest, context, largest) == largest) return context;
        }
    }
}
