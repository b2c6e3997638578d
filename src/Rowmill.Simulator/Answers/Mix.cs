namespace Rowmill.Simulator.Answers;

/// <summary>Chance that is the same on every machine and in every run: hashes instead of a random source.</summary>
internal static class Mix
{
    /// <summary>FNV-1a, 64 bit.</summary>
    public static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in bytes) hash = (hash ^ b) * 1099511628211UL;
        return Scramble(hash);
    }

    public static ulong Hash(ReadOnlySpan<char> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text) hash = (hash ^ c) * 1099511628211UL;
        return Scramble(hash);
    }

    public static ulong With(ulong seed, ulong more) => Scramble(seed ^ (more + 0x9E3779B97F4A7C15UL + (seed << 6) + (seed >> 2)));

    public static ulong With(ulong seed, string more) => With(seed, Hash(more));

    /// <summary>0 ≤ x &lt; 1.</summary>
    public static double Unit(ulong seed) => (Scramble(seed) >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 ≤ x &lt; count.</summary>
    public static int Below(ulong seed, int count) => (int)(Scramble(seed) % (ulong)count);

    /// <summary>The numbers 0…count-1 in an order of chance.</summary>
    public static int[] Order(ulong seed, int count)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++) order[i] = i;
        for (var i = count - 1; i > 0; i--)
        {
            var j = Below(With(seed, (ulong)i), i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    /// <summary>The finalizer of splitmix64.</summary>
    private static ulong Scramble(ulong x)
    {
        x ^= x >> 30;
        x *= 0xBF58476D1CE4E5B9UL;
        x ^= x >> 27;
        x *= 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
