using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Rowmill.Core;
using Rowmill.Core.Rows;

namespace Rowmill.Typed;

/// <summary>
/// Rows made in code, written to a temporary file once: a run reads its source several times, and must find the same rows each time.
/// The file is this user's alone and goes with the spool; one that a killed process left goes with the next.
/// </summary>
internal sealed class RowSpool<TRow> : IDisposable
    where TRow : notnull
{
    private const string Pattern = "rows-*.jsonl.tmp";
    private const int BufferSize = 64 << 10;

    private static readonly JsonTypeInfo<TRow> s_contract = (JsonTypeInfo<TRow>)TypedJson.Options.GetTypeInfo(typeof(TRow));

    private readonly FileStream _file;
    private readonly TRow[]? _originals;

    private RowSpool(FileStream file, TRow[]? originals)
    {
        _file = file;
        _originals = originals;
    }

    /// <summary>The file, one JSON object a line.</summary>
    public string Path => _file.Name;

    /// <summary>Writes the rows; they are enumerated once.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="folder">Where the file goes; it is made when it is missing.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="ProblemException">The type is no row.</exception>
    public static async Task<RowSpool<TRow>> WriteAsync(JobRows<TRow> rows, string folder, CancellationToken cancellationToken)
    {
        if (s_contract.Kind is not (JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary))
            throw Wrong("is no object with named values", "Give each value a name: rows.Select(text => new { text }).");
        Directory.CreateDirectory(folder);
        DeleteAbandoned(folder);
        var originals = rows.Snapshot();
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = BufferSize,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(System.IO.Path.Combine(folder, Pattern.Replace("*", System.IO.Path.GetRandomFileName(), StringComparison.Ordinal)), options);
        try
        {
            await WriteAsync(originals is null ? rows.Rows : originals.ToAsyncEnumerable(), file, isKept: originals is not null, cancellationToken).ConfigureAwait(false);
            return new RowSpool<TRow>(file, originals);
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A row of the file as the caller gave it: the same object where it was in memory, its copy where it came from a stream.</summary>
    public TRow Restore(Row row)
    {
        if (_originals is not null) return _originals[row.Index];
        using var line = new MemoryStream(row.Size + 64);
        using (var json = new Utf8JsonWriter(line, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            for (var i = 0; i < row.Columns.Names.Count; i++)
            {
                json.WritePropertyName(row.Columns.Names[i]);
                json.WriteRawValue(row[i], skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return JsonSerializer.Deserialize(line.GetBuffer().AsSpan(0, (int)line.Length), s_contract)!;
    }

    public void Dispose() => _file.Dispose();

    private static async Task WriteAsync(IAsyncEnumerable<TRow> rows, FileStream file, bool isKept, CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        var json = new Utf8JsonWriter(line, new JsonWriterOptions { Encoder = TypedJson.Options.Encoder });
        await using var closing = json.ConfigureAwait(false);
        long index = 0;
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (row is null) throw new ProblemException(new Problem($"Row {index + 1} is null.") { Key = "source" });
            line.SetLength(0);
            json.Reset();
            JsonSerializer.Serialize(json, row, s_contract);
            await json.FlushAsync(cancellationToken).ConfigureAwait(false);
            // A stream's rows are read back for their results: better to hear at the first that they cannot be.
            if (index++ == 0 && !isKept) CheckRoundTrip(line.GetBuffer().AsSpan(0, (int)line.Length));
            line.WriteByte((byte)'\n');
            file.Write(line.GetBuffer(), 0, (int)line.Length);
        }

        await file.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void CheckRoundTrip(ReadOnlySpan<byte> written)
    {
        const string fix = "Give rows of a record or class whose constructor or setters take every property, or a list of rows (ToListAsync).";
        try
        {
            var again = JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize(written, s_contract)!, s_contract);
            if (!written.SequenceEqual(again)) throw Wrong("cannot be read back as it was written: some property cannot be set", fix);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            // The last is a constructor whose parameters are no properties.
            throw Wrong($"cannot be read back as it was written: {e.Message}", fix);
        }
    }

    private static ProblemException Wrong(string what, string fix) =>
        new(new Problem($"{typeof(TRow).Name} {what}.") { Key = "source", Fix = fix });

    /// <summary>Removes what a killed process left. A file that is in use is locked, so opening it fails.</summary>
    private static void DeleteAbandoned(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, Pattern))
        {
            try
            {
                using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is in use, or another's: leave it.
            }
        }
    }
}
