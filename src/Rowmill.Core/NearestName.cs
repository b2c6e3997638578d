namespace Rowmill.Core;

/// <summary>Finds the name a person probably meant: the one way typos in keys, columns, files and options are answered.</summary>
public static class NearestName
{
    private const int LongestName = 200;

    /// <summary>The nearest of the known names, or null when none is near enough.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">The names that would have been right; at equal distance the earlier one wins.</param>
    /// <remarks>
    /// Case, spaces, hyphens and underscores do not count. Near is a distance of at most a third of the length
    /// (at least 1), or one name beginning with the other (three characters or more).
    /// </remarks>
    public static string? Find(string name, IEnumerable<string> known)
    {
        var written = Fold(name);
        if (written.Length is 0 or > LongestName) return null;
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in known)
        {
            var other = Fold(candidate);
            if (other.Length is 0 or > LongestName) continue;
            var distance = Distance(written, other);
            if (distance > Math.Max(1, Math.Max(written.Length, other.Length) / 3))
            {
                if (!IsBeginning(written, other)) continue;
                // Worse than any typo that is near enough, better than nothing.
                distance += LongestName;
            }

            if (distance >= bestDistance) continue;
            best = candidate;
            bestDistance = distance;
        }

        return best;
    }

    /// <summary>"Did you mean 'x'?", or the fallback when nothing is near.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">The names that would have been right.</param>
    /// <param name="otherwise">The sentence to use when none is near; null for a list of the known names.</param>
    public static string Suggest(string name, IReadOnlyCollection<string> known, string? otherwise = null)
    {
        if (Find(name, known) is { } nearest) return $"Did you mean '{nearest}'?";
        if (otherwise is not null) return otherwise;
        const int shown = 20;
        var more = known.Count > shown ? ", …" : "";
        return known.Count == 0 ? "There are none." : $"Known are {string.Join(", ", known.Take(shown))}{more}.";
    }

    private static bool IsBeginning(string a, string b) =>
        Math.Min(a.Length, b.Length) >= 3
        && (a.StartsWith(b, StringComparison.Ordinal) || b.StartsWith(a, StringComparison.Ordinal));

    private static string Fold(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-' or ' '))).ToLowerInvariant();

    /// <summary>
    /// Optimal string alignment, the restricted Damerau-Levenshtein distance: insertions, deletions, substitutions
    /// and swaps of neighbours (Damerau 1964; Boytsov 2011, section 2.2).
    /// </summary>
    internal static int Distance(string a, string b)
    {
        var beforeLast = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }

            (beforeLast, last, row) = (last, row, beforeLast);
        }

        return last[b.Length];
    }
}
