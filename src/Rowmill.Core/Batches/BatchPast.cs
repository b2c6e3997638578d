using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Rowmill.Core.Packing;
using Rowmill.Core.Rows;
using Rowmill.Core.Runs;

namespace Rowmill.Core.Batches;

/// <summary>Rows that are to be asked together, or each with whatever others, and what they have been through.</summary>
/// <param name="Rows">The rows, without their fields.</param>
/// <param name="Together">Whether they go by themselves.</param>
/// <param name="Poor"><see cref="Pack.Poor"/>.</param>
/// <param name="Suspect"><see cref="Pack.Suspect"/>.</param>
/// <param name="Outages">How often the service broke on them.</param>
internal sealed record RestPack(IReadOnlyList<Ask> Rows, bool Together, int Poor = 0, bool Suspect = false, int Outages = 0)
{
    /// <summary>The same rows as they were, to be asked the same way again.</summary>
    public static RestPack Again(Pack pack, int outages) => new(pack.Rows, Together: true, pack.Poor, pack.Suspect, outages);

    /// <summary>True when its rows have been through nothing: then nothing need be kept of it.</summary>
    public bool IsFresh => !Suspect && Poor == 0 && Outages == 0 && Rows.All(r => r.Attempts == 0 && r.Past == RowPast.None);
}

/// <summary>
/// What rows have been through, from one batch to the next, as the store keeps it: a JSON array of packs, each
/// <c>{"together":true,"poor":1,"suspect":true,"outages":1,"rows":[{"key":"…","tokens":9,…}]}</c>; what is 0, false or empty is left out.
/// </summary>
internal static class BatchPast
{
    /// <summary>What a line's rows had been through; empty when that is nothing.</summary>
    public static ReadOnlyMemory<byte> OfLine(Pack pack, int outages) =>
        RestPack.Again(pack, outages) is { IsFresh: false } past ? Write([past]) : default;

    /// <summary>What is left of a line after a step of the ladder; empty when nothing is.</summary>
    public static ReadOnlyMemory<byte> OfMoves(IReadOnlyList<LadderMove> moves)
    {
        var packs = new List<RestPack>();
        foreach (var move in moves)
        {
            if (move.Step == LadderStep.RowFailed) continue;
            if (move.Packs.Count == 0) packs.Add(new RestPack([.. move.Rows.Select(r => r.Row)], Together: false));
            else packs.AddRange(move.Packs.Select(p => new RestPack(p.Rows, Together: true, p.Poor, p.Suspect)));
        }

        return packs.Count == 0 ? default : Write(packs);
    }

    /// <summary>The stored form.</summary>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<RestPack> packs)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        foreach (var pack in packs)
        {
            json.WriteStartObject();
            if (pack.Together) json.WriteBoolean("together", true);
            Count(json, "poor", pack.Poor);
            if (pack.Suspect) json.WriteBoolean("suspect", true);
            Count(json, "outages", pack.Outages);
            json.WriteStartArray("rows");
            foreach (var row in pack.Rows) WriteRow(json, row);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>Reads the stored form.</summary>
    public static IReadOnlyList<RestPack> Read(ReadOnlyMemory<byte> stored)
    {
        if (stored.IsEmpty) return [];
        using var json = JsonDocument.Parse(stored);
        return [.. json.RootElement.EnumerateArray().Select(pack => new RestPack(
            [.. pack.GetProperty("rows").EnumerateArray().Select(ReadRow)],
            pack.TryGetProperty("together", out _), Count(pack, "poor"), pack.TryGetProperty("suspect", out _), Count(pack, "outages")))];
    }

    private static void WriteRow(Utf8JsonWriter json, Ask row)
    {
        json.WriteStartObject();
        json.WriteString("key", row.Key.ToString());
        json.WriteNumber("tokens", row.Tokens);
        Count(json, "left_out", row.Past.LeftOut);
        Count(json, "alone", row.Past.TriesAlone);
        Count(json, "room", row.Past.Room);
        if (row.Past.EndedOn.Count > 0)
        {
            json.WriteStartArray("ended_on");
            foreach (var route in row.Past.EndedOn) json.WriteStringValue(route);
            json.WriteEndArray();
        }

        if (row.ByRoute.Count > 0)
        {
            json.WriteStartObject("asked");
            foreach (var (route, attempts) in row.ByRoute) json.WriteNumber(route, attempts);
            json.WriteEndObject();
        }

        if (row.LastFailure is { } failure)
        {
            json.WriteString("reason", failure.Reason);
            json.WriteString("detail", failure.Detail);
            if (failure.Reply.Length > 0) json.WriteString("reply", failure.Reply);
        }

        json.WriteEndObject();
    }

    private static Ask ReadRow(JsonElement json)
    {
        var key = UInt128.Parse(json.GetProperty("key").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var row = Ask.InLine(new RowKey((ulong)(key >> 64), (ulong)key), Count(json, "tokens"));
        row.Past = new RowPast(
            Count(json, "left_out"), Count(json, "alone"), Count(json, "room"),
            json.TryGetProperty("ended_on", out var ended) ? [.. ended.EnumerateArray().Select(e => e.GetString()!)] : []);
        if (row.Past is { LeftOut: 0, TriesAlone: 0, Room: 0, EndedOn.Count: 0 }) row.Past = RowPast.None;
        if (json.TryGetProperty("asked", out var asked))
            foreach (var route in asked.EnumerateObject()) row.CountAttempt(route.Name, route.Value.GetInt32());
        if (json.TryGetProperty("reason", out var reason))
            row.LastFailure = new RowFailure(reason.GetString()!, json.GetProperty("detail").GetString()!, json.TryGetProperty("reply", out var reply) ? reply.GetString()! : "");
        return row;
    }

    private static void Count(Utf8JsonWriter json, string name, int value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }

    private static int Count(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
}
