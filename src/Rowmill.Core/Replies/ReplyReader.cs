using System.Globalization;
using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Core.Replies;

/// <summary>
/// Reads a model's reply and joins it to its pack by the echoed ids, as a set. Never by position: an entry without a usable id
/// belongs to no row. Good rows of a bad reply are kept.
/// </summary>
/// <param name="schema">What an answer must be.</param>
/// <param name="abstain">Whether a row may be abstained from.</param>
internal sealed class ReplyReader(AnswerSchema schema, bool abstain)
{
    private const string BrokenText = "the reply holds text that is not valid Unicode";

    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, MaxDepth = 128 };

    /// <summary>Reads a reply.</summary>
    /// <param name="text">The reply, UTF-8, as the model wrote it.</param>
    /// <param name="rows">Number of rows in the pack; their ids are 1…n.</param>
    public ReplyReading Read(ReadOnlyMemory<byte> text, int rows)
    {
        var join = new Join(rows);
        text = JsonFinder.AfterThinking(text);
        if (!TryReadWhole(text, join)) ReadPieces(text, join);
        return join.Reading();
    }

    /// <summary>The usual case: the reply, or the JSON within fences or prose, is one whole document.</summary>
    private bool TryReadWhole(ReadOnlyMemory<byte> text, Join join)
    {
        var json = JsonFinder.Trim(text);
        if (json.IsEmpty)
        {
            join.Problem = "the reply is empty";
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(json, s_options);
            var root = document.RootElement;
            var entries = root.ValueKind switch
            {
                JsonValueKind.Array => root,
                JsonValueKind.Object when root.TryGetProperty("rows"u8, out var found) && found.ValueKind == JsonValueKind.Array => found,
                // A pack of one, answered without the wrapper but with its id.
                JsonValueKind.Object when root.TryGetProperty("id"u8, out _) => root,
                _ => default,
            };
            switch (entries.ValueKind)
            {
                case JsonValueKind.Array:
                    foreach (var entry in entries.EnumerateArray()) ReadEntry(entry, join);
                    break;
                case JsonValueKind.Object:
                    ReadEntry(entries, join);
                    break;
                default:
                    join.Problem = "the reply is JSON without an array \"rows\"";
                    break;
            }

            return true;
        }
        catch (Exception e) when (IsBroken(e))
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            join.Problem = BrokenText;
            return true;
        }
    }

    /// <summary>A reply that is not one whole document: every entry that is whole counts, up to where it breaks.</summary>
    private void ReadPieces(ReadOnlyMemory<byte> text, Join join)
    {
        var entries = 0;
        foreach (var piece in JsonFinder.Entries(text))
        {
            try
            {
                using var document = JsonDocument.Parse(piece, s_options);
                ReadEntry(document.RootElement, join);
                entries++;
            }
            catch (Exception e) when (IsBroken(e))
            {
                // The piece that broke the reply; its row stays missing.
            }
        }

        join.Problem = entries == 0 ? "the reply is not JSON" : "the reply breaks off or is broken JSON";
    }

    /// <summary>Not JSON, or JSON whose text is not Unicode: half of a surrogate pair cannot be read as a string.</summary>
    private static bool IsBroken(Exception e) => e is JsonException or InvalidOperationException;

    private void ReadEntry(JsonElement entry, Join join)
    {
        var id = 0;
        try
        {
            if (TryReadId(entry, join, out id)) join.Put(id, ReadAnswer(entry));
        }
        catch (InvalidOperationException)
        {
            // What the parser throws for a string that is not text: half of a surrogate pair, or broken UTF-8.
            if (id > 0) join.Put(id, new RowReading(RowReadingKind.Invalid, default, BrokenText));
            else join.Problem ??= BrokenText;
        }
    }

    /// <summary>The id of a row of the pack; false, and the problem noted, when the entry carries none.</summary>
    private static bool TryReadId(JsonElement entry, Join join, out int id)
    {
        id = 0;
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("id"u8, out var idElement) || !TryReadId(idElement, out var read))
        {
            join.Problem ??= "the reply holds an entry without a usable id";
            return false;
        }

        if (read < 1 || read > join.Count)
        {
            join.Problem ??= string.Create(CultureInfo.InvariantCulture, $"the reply answers id {read}, which was not asked");
            return false;
        }

        id = read;
        return true;
    }

    private RowReading ReadAnswer(JsonElement entry)
    {
        if (abstain && entry.TryGetProperty("abstain"u8, out var why) && why.ValueKind == JsonValueKind.String)
        {
            var reason = why.GetString();
            if (!string.IsNullOrWhiteSpace(reason))
                return new RowReading(RowReadingKind.Abstained, CompactJson.Quote(reason.Trim()), null);
        }

        var check = schema.Check(entry);
        return check.Error is null
            ? new RowReading(RowReadingKind.Answered, check.Json, null)
            : new RowReading(RowReadingKind.Invalid, default, check.Error);
    }

    private static bool TryReadId(JsonElement element, out int id)
    {
        id = 0;
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetInt32(out id),
            JsonValueKind.String => int.TryParse(element.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out id),
            _ => false,
        };
    }

    /// <summary>What the reply holds, gathered by id.</summary>
    private sealed class Join(int count)
    {
        private readonly RowReading[] _rows = new RowReading[count];

        public int Count => count;

        public string? Problem { get; set; }

        public void Put(int id, RowReading reading)
        {
            ref var row = ref _rows[id - 1];
            if (row.Kind == RowReadingKind.Missing)
            {
                row = reading;
                return;
            }

            // The same said twice is harmless; a contradiction is nobody's answer.
            if (row.Kind == reading.Kind && row.Json.Span.SequenceEqual(reading.Json.Span)) return;
            row = new RowReading(RowReadingKind.Invalid, default, "the reply answers this row twice, differently");
        }

        public ReplyReading Reading()
        {
            var good = 0;
            foreach (var row in _rows)
                if (row.Kind is RowReadingKind.Answered or RowReadingKind.Abstained) good++;
            return new ReplyReading(_rows, good, Problem);
        }
    }
}
