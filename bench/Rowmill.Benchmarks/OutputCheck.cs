using System.Text;

namespace Rowmill.Benchmarks;

/// <summary>Whether an output holds the source's rows in order, and how many of them are answered.</summary>
internal static class OutputCheck
{
    public static int Run(string source, string output)
    {
        long rows = 0, answered = 0;
        var inOrder = File.Exists(output);
        if (inOrder)
        {
            using var left = Records(source).GetEnumerator();
            using var right = Records(output).GetEnumerator();
            left.MoveNext();
            right.MoveNext();
            // Rowmill says how each row ended; a peer leaves the label empty.
            var status = right.Current.IndexOf("ai_status");
            var label = right.Current.IndexOf("genre");
            while (right.MoveNext())
            {
                rows++;
                inOrder &= left.MoveNext() && left.Current[0] == right.Current[0] && left.Current[1] == right.Current[1];
                if (status >= 0 ? right.Current[status] == "answered" : right.Current[label].Length > 0) answered++;
            }

            inOrder &= !left.MoveNext();
        }

        Console.WriteLine($$"""{"out_rows":{{rows}},"answered":{{answered}},"in_order":{{(inOrder ? "true" : "false")}}}""");
        return 0;
    }

    /// <summary>The records of a CSV file, its header first.</summary>
    public static IEnumerable<List<string>> Records(string file)
    {
        using var reader = new StreamReader(file);
        var record = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        while (reader.Read() is var read and >= 0)
        {
            var c = (char)read;
            if (c == '"' && quoted && reader.Peek() == '"') cell.Append((char)reader.Read());
            else if (c == '"') quoted = !quoted;
            else if (quoted || (c != ',' && c != '\n' && c != '\r')) cell.Append(c);
            else if (c != '\r')
            {
                record.Add(cell.ToString());
                cell.Clear();
                if (c != '\n') continue;
                yield return record;
                record = [];
            }
        }

        if (record.Count > 0 || cell.Length > 0)
        {
            record.Add(cell.ToString());
            yield return record;
        }
    }
}
