using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Replies;

namespace Rowmill.Tests.Replies;

/// <summary>The fuzzer can fail: readers with one mistake each are found out within the ordinary run's sample.</summary>
public sealed class FuzzOracleTests
{
    private const int OrdinarySample = 20_000;

    [Fact]
    public void A_reader_that_makes_none_of_these_mistakes_misplaces_nothing()
    {
        var tally = ReplyFuzz.Run(seed: 1, OrdinarySample / 10, (c, text) => Read(c, text, new Mistakes()));

        var others = tally.Failures.FindAll(f => f.Fault.Kind != FuzzOracle.Lost);
        Assert.True(others.Count == 0, string.Join('\n', others));
        Assert.Equal(0, tally.Misplaced);
        Assert.InRange(tally.Accepted, 1, long.MaxValue);
    }

    [Fact]
    public void Joining_by_position_where_an_id_is_missing_is_found_out() => Finds(FuzzOracle.Misplaced, new Mistakes { ByPosition = true });

    [Fact]
    public void Taking_the_last_of_contradicting_answers_is_found_out() => Finds(FuzzOracle.Contradiction, new Mistakes { LastWins = true });

    [Fact]
    public void Ignoring_the_ids_that_answers_stand_under_is_found_out() => Finds(FuzzOracle.Misplaced, new Mistakes { IgnoresKeys = true });

    [Fact]
    public void Believing_a_key_that_the_entry_contradicts_is_found_out() => Finds(FuzzOracle.Misplaced, new Mistakes { BelievesKeys = true });

    [Fact]
    public void Taking_the_last_of_two_ids_is_found_out() => Finds(FuzzOracle.Misplaced, new Mistakes { LastId = true });

    [Fact]
    public void Cutting_an_id_to_its_whole_part_is_found_out() => Finds(FuzzOracle.Misplaced, new Mistakes { RoundsIds = true });

    private static void Finds(string kind, Mistakes mistakes)
    {
        var tally = new FuzzTally();
        for (var reply = 0; reply < OrdinarySample; reply += ReplyFuzz.RepliesPerWorld)
        {
            var world = new FuzzWorld(1 + (reply / ReplyFuzz.RepliesPerWorld));
            for (var number = 0; number < ReplyFuzz.RepliesPerWorld; number++) ReplyFuzz.Try(world, number, null, tally, (c, text) => Read(c, text, mistakes));
            if (tally.Failures.Exists(f => f.Fault.Kind == kind)) return;
        }

        Assert.Fail($"{OrdinarySample} replies did not show it:\n{tally}");
    }

    /// <summary>Reads a reply that is one whole document, plainly, with mistakes.</summary>
    private static ReplyReading Read(FuzzCase c, byte[] text, Mistakes mistakes)
    {
        var rows = new RowReading[c.World.Rows];
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowTrailingCommas = true });
            var entries = document.RootElement;
            var position = 0;
            var isAnswer = entries.ValueKind == JsonValueKind.Object && entries.EnumerateObject().Any(m => m.Name is "id" or "mark" or "abstain");
            if (entries.ValueKind == JsonValueKind.Object && !isAnswer && entries.TryGetProperty("rows", out var found)) entries = found;
            if (isAnswer) Put(entries, null, ++position);
            else if (entries.ValueKind == JsonValueKind.Array)
            {
                foreach (var entry in entries.EnumerateArray()) Put(entry, null, ++position);
            }
            else if (entries.ValueKind == JsonValueKind.Object)
            {
                foreach (var entry in entries.EnumerateObject()) Put(entry.Value, mistakes.IgnoresKeys ? position + 1 : Number(entry.Name), ++position);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not one document, or half of a surrogate pair: nothing is read.
            Array.Clear(rows);
        }

        return new ReplyReading(rows, rows.Count(r => r.Kind is RowReadingKind.Answered or RowReadingKind.Abstained), null);

        void Put(JsonElement entry, int? key, int position)
        {
            if (entry.ValueKind != JsonValueKind.Object) return;
            var ids = entry.EnumerateObject().Where(m => m.Name == "id").Select(m => Id(m.Value)).ToList();
            if (mistakes.LastId && ids.Count > 0) ids = [ids[^1]];
            if (key is not null && (ids.Count == 0 || mistakes.BelievesKeys)) ids = [key];
            else if (key is not null) ids.Add(key);
            if (ids.Count == 0 && mistakes.ByPosition) ids.Add(position);
            if (ids.Distinct().Count() != 1 || ids[0] is not { } id || id < 1 || id > rows.Length)
            {
                // What names several rows is nobody's, and none of theirs is sure.
                foreach (var row in ids.OfType<int>().Where(row => row >= 1 && row <= rows.Length))
                    rows[row - 1] = new RowReading(RowReadingKind.Invalid, default, "two ids");
                return;
            }

            var reading = Answer(c, entry);
            var before = rows[id - 1];
            var isSame = before.Kind == reading.Kind && before.Json.Span.SequenceEqual(reading.Json.Span);
            rows[id - 1] = before.Kind == RowReadingKind.Missing || mistakes.LastWins || isSame
                ? reading
                : new RowReading(RowReadingKind.Invalid, default, "twice");
        }

        int? Id(JsonElement id) => id.ValueKind switch
        {
            JsonValueKind.Number when mistakes.RoundsIds => id.TryGetDouble(out var number) && Math.Abs(number) < 1000 ? (int)number : null,
            JsonValueKind.Number => id.TryGetInt32(out var number) ? number : null,
            JsonValueKind.String => Number(id.GetString()!),
            _ => null,
        };
    }

    private static RowReading Answer(FuzzCase c, JsonElement entry)
    {
        var reasons = entry.EnumerateObject().Where(m => m.Name == "abstain").ToList();
        if (c.World.Abstain && reasons is [{ Value.ValueKind: JsonValueKind.String }] && reasons[0].Value.GetString()!.Trim() is { Length: > 0 } reason)
            return new RowReading(RowReadingKind.Abstained, Encoding.UTF8.GetBytes(FuzzChance.Quote(reason)), null);
        var check = c.World.Schema.Check(entry);
        return new RowReading(check.Error is null ? RowReadingKind.Answered : RowReadingKind.Invalid, check.Json, check.Error);
    }

    /// <summary>Digits only: the parser by itself also takes a number with NUL behind it.</summary>
    private static int? Number(string text) =>
        text.All(char.IsAsciiDigit) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What a reader can do wrong.</summary>
    private sealed record Mistakes
    {
        public bool ByPosition { get; init; }

        public bool LastWins { get; init; }

        public bool IgnoresKeys { get; init; }

        public bool BelievesKeys { get; init; }

        public bool LastId { get; init; }

        public bool RoundsIds { get; init; }
    }
}
