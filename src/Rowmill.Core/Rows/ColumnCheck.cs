namespace Rowmill.Core.Rows;

/// <summary>Whether the columns a job names are in its source.</summary>
internal static class ColumnCheck
{
    public static void Add(SourceOptions options, RowColumns columns, SourceProblems problems)
    {
        Add("source.key", options.Key, columns, problems);
        Add("source.fields", options.Fields, columns, problems);
        Add("source.require", options.Require, columns, problems);
    }

    private static void Add(string key, IReadOnlyList<string> names, RowColumns columns, SourceProblems problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (!seen.Add(name)) problems.Add(null, $"{name} is named twice.", "Name it once.", key);
            else if (columns.IndexOf(name) < 0) problems.Add(null, $"there is no column {name}.", Suggest(name, columns.Names), key);
        }
    }

    private static string Suggest(string name, IReadOnlyList<string> columns)
    {
        var nearest = columns.MinBy(c => Distance(name.ToLowerInvariant(), c.ToLowerInvariant()));
        if (nearest is not null && Distance(name.ToLowerInvariant(), nearest.ToLowerInvariant()) <= 1 + (name.Length / 4))
            return $"Did you mean {nearest}?";
        const int Shown = 12;
        return $"The columns are {string.Join(", ", columns.Take(Shown))}{(columns.Count > Shown ? ", …" : "")}.";
    }

    /// <summary>The number of letters to insert, remove or replace (Levenshtein's distance).</summary>
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
