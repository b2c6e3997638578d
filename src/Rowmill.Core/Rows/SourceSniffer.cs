using System.Text;
using CsvHelper;

namespace Rowmill.Core.Rows;

/// <summary>Looks at a table nobody has described yet.</summary>
public static class SourceSniffer
{
    private const int HeadBytes = 1 << 18;
    private const int SampleRows = 200;
    private const int SampleValues = 3;
    private const int SampleLength = 80;

    private static readonly char[] s_delimiters = [',', ';', '\t', '|'];

    /// <summary>Finds kind, delimiter, encoding, columns and what is wrong. It reads the whole file, in flat memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static ValueTask<SourceGuess> DetectAsync(string path, string name, CancellationToken cancellationToken = default) =>
        DetectAsync(new SourceOptions { Kind = SourceKind.Csv, Path = path, Name = name }, cancellationToken);

    /// <summary>The same of a table of which something is known that is not looked for.</summary>
    internal static async ValueTask<SourceGuess> DetectAsync(SourceOptions options, CancellationToken cancellationToken)
    {
        var problems = new SourceProblems(options.Name);
        options = Look(options, problems, cancellationToken);
        var guess = new SourceGuess { Kind = options.Kind, Delimiter = options.Delimiter, Encoding = options.Encoding };
        if (problems.Count > 0) return guess with { Problems = Told(problems.ToList()) };

        var source = RowSources.Open(options);
        var profile = await source.ProfileAsync(cancellationToken).ConfigureAwait(false);
        if (profile.Problems.Count > 0) return guess with { Problems = Told(profile.Problems) };
        var samples = profile.Columns.Names.ToDictionary(column => column, _ => new List<string>(), StringComparer.Ordinal);
        var rows = 0;
        await foreach (var row in source.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            Collect(row, samples);
            if (++rows == SampleRows) break;
        }

        return guess with { Profile = profile, Columns = [.. profile.Columns.Names.Select(column => new SourceColumn(column, samples[column]))] };
    }

    // There is no job file yet whose keys could be to blame.
    private static IReadOnlyList<Problem> Told(IReadOnlyList<Problem> problems) => [.. problems.Select(p => p with { Key = null })];

    private static SourceOptions Look(SourceOptions options, SourceProblems problems, CancellationToken cancellationToken)
    {
        using var file = SourceText.OpenFile(options, problems);
        if (file is null) return options;
        var head = new byte[4096];
        head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        options = options with { Kind = GuessKind(options.Path, head) };
        if (head is [(byte)'P', (byte)'K', 3, 4, ..])
        {
            problems.Add(null, "The file is a workbook or an archive, not text.", "Save the sheet as CSV (UTF-8).");
            return options;
        }

        file.Position = 0;
        options = options with { Encoding = GuessEncoding(file, head, cancellationToken) };
        return options.Kind == SourceKind.Csv ? options with { Delimiter = GuessDelimiter(options, problems) } : options;
    }

    private static SourceKind GuessKind(string path, ReadOnlySpan<byte> head) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => SourceKind.Jsonl,
            ".csv" or ".tsv" or ".tab" => SourceKind.Csv,
            _ => head.TrimStart("\uFEFF \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? SourceKind.Jsonl : SourceKind.Csv,
        };

    private static string GuessEncoding(FileStream file, byte[] head, CancellationToken cancellationToken)
    {
        if (TextEncodings.ReadBom(head).Name is { } marked) return marked;
        if (head.Contains((byte)0)) return TextEncodings.GuessUtf16(head) ?? "utf-8";
        using var text = new Utf8Stream(file);
        var chunk = new byte[1 << 16];
        var has80To9F = false;
        int read;
        while ((read = text.Read(chunk)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            has80To9F |= chunk.AsSpan(0, read).ContainsAnyInRange((byte)0x80, (byte)0x9F);
        }

        return text.HasInvalid ? TextEncodings.GuessOneByte(has80To9F) : "utf-8";
    }

    /// <summary>The delimiter under which most records have as many cells as the header; of several such, the one with most cells.</summary>
    private static char GuessDelimiter(SourceOptions options, SourceProblems problems)
    {
        using var text = SourceText.Open(options, problems);
        if (text is null) return ',';
        var head = new byte[HeadBytes];
        int read;
        try
        {
            read = text.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (DecoderFallbackException)
        {
            // The profile will tell the line.
            return ',';
        }

        // The last record may be cut.
        if (read == head.Length) read = head.AsSpan().LastIndexOf((byte)'\n') + 1;
        var best = (Delimiter: ',', Even: 0.0, Width: 1);
        foreach (var delimiter in s_delimiters)
        {
            var (even, width) = Measure(head, read, delimiter);
            if (width > 1 && (even > best.Even || (even == best.Even && width > best.Width))) best = (delimiter, even, width);
        }

        return best.Delimiter;
    }

    private static (double Even, int Width) Measure(byte[] head, int length, char delimiter)
    {
        using var reader = CsvReader.Create(
            new MemoryStream(head, 0, length),
            new CsvReaderOptions { Separator = delimiter, HasHeader = false, Encoding = Encoding.UTF8 },
            leaveOpen: false);
        if (!reader.Read()) return (0, 0);
        var width = reader.FieldCount;
        int records = 0, same = 0;
        while (records < SampleRows && reader.Read())
        {
            records++;
            if (reader.FieldCount == width) same++;
        }

        return (records == 0 ? 1 : Math.Round((double)same / records, 1), width);
    }

    private static void Collect(Row row, Dictionary<string, List<string>> samples)
    {
        var names = row.Columns.Names;
        for (var i = 0; i < names.Count; i++)
        {
            var values = samples[names[i]];
            if (values.Count == SampleValues) continue;
            var value = CellText.Read(row[i], row.Columns.Format).Trim();
            if (value.Length == 0) continue;
            if (value.Length > SampleLength)
                value = value[..(char.IsHighSurrogate(value[SampleLength - 2]) ? SampleLength - 2 : SampleLength - 1)] + "…";
            if (!values.Contains(value, StringComparer.Ordinal)) values.Add(value);
        }
    }
}
