namespace Rowmill.Benchmarks;

/// <summary>
/// A table of songs that never were: <c>title,artist</c>, every row different, one in sixteen in need of CSV quoting. Some titles may hold
/// a word that no other holds, for a server that spoils whatever holds it.
/// </summary>
internal static class SongTable
{
    private static readonly string[] s_words =
        ["Amber", "Café", "Cedar", "Distant", "Echo", "Harbour", "Lantern", "Marble", "Midnight", "Orchid", "Quiet", "Rain", "Silver", "Tidal", "Velvet", "Zephyr"];

    /// <summary>What marks the titles that are poison.</summary>
    public const string Poison = "Poison";

    /// <summary>Writes so many rows, of which every so many-th is poison; 0 for none.</summary>
    public static int Write(long count, string file, long poisonEvery = 0)
    {
        using var writer = new StreamWriter(file) { NewLine = "\n" };
        writer.WriteLine("title,artist");
        var state = 1u;
        for (var i = 1L; i <= count; i++)
        {
            var title = $"{Word(ref state)} {Word(ref state)} {i}";
            if (poisonEvery > 0 && i % poisonEvery == 0) title = $"{Poison} {title}";
            writer.Write(i % 16 == 0 ? $"\"{title}, \"\"Live\"\"\"" : title);
            writer.WriteLine($",The {Word(ref state)} {Word(ref state)}s");
        }

        return 0;
    }

    // Numerical Recipes' linear congruential generator; the low bits are poor, so the high ones are taken.
    private static string Word(ref uint state) => s_words[(state = state * 1664525u + 1013904223u) >> 28];
}
