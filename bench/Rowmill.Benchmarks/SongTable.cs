namespace Rowmill.Benchmarks;

/// <summary>A table of songs that never were: <c>title,artist</c>, every row different, one in sixteen in need of CSV quoting.</summary>
internal static class SongTable
{
    private static readonly string[] s_words =
        ["Amber", "Café", "Cedar", "Distant", "Echo", "Harbour", "Lantern", "Marble", "Midnight", "Orchid", "Quiet", "Rain", "Silver", "Tidal", "Velvet", "Zephyr"];

    public static int Write(long count, string file)
    {
        using var writer = new StreamWriter(file) { NewLine = "\n" };
        writer.WriteLine("title,artist");
        var state = 1u;
        for (var i = 1L; i <= count; i++)
        {
            var title = $"{Word(ref state)} {Word(ref state)} {i}";
            writer.Write(i % 16 == 0 ? $"\"{title}, \"\"Live\"\"\"" : title);
            writer.WriteLine($",The {Word(ref state)} {Word(ref state)}s");
        }

        return 0;
    }

    // Numerical Recipes' linear congruential generator; the low bits are poor, so the high ones are taken.
    private static string Word(ref uint state) => s_words[(state = state * 1664525u + 1013904223u) >> 28];
}
