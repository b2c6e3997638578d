namespace Rowmill.Simulator.Answers;

/// <summary>
/// Vectors out of words: each word of a text pushes a few places of its vector, so texts that share words lie near each other, and equal
/// texts have equal vectors. Their length is 1.
/// </summary>
internal static class VectorMaker
{
    /// <summary>The places that one word pushes.</summary>
    private const int Places = 8;

    public static float[] Make(string text, int dimensions, long seed)
    {
        var vector = new float[dimensions];
        foreach (var range in text.AsSpan().SplitAny(" \t\r\n.,;:!?\"'()[]{}"))
        {
            if (range.End.Value > range.Start.Value) Push(vector, text.AsSpan(range), seed);
        }

        // A text without words has a direction too.
        Push(vector, text.AsSpan(), seed);
        var length = Math.Sqrt(vector.Sum(v => (double)v * v));
        for (var i = 0; i < vector.Length && length > 0; i++) vector[i] = (float)(vector[i] / length);
        return vector;
    }

    private static void Push(float[] vector, ReadOnlySpan<char> word, long seed)
    {
        Span<char> lower = word.Length <= 256 ? stackalloc char[word.Length] : new char[word.Length];
        word.ToLowerInvariant(lower);
        var hash = Mix.With((ulong)seed, Mix.Hash(lower));
        for (var i = 0; i < Places; i++)
        {
            var push = Mix.With(hash, (ulong)i);
            vector[Mix.Below(push, vector.Length)] += (push & 1) == 0 ? 1 : -1;
        }
    }
}
