using System.Collections.Concurrent;
using System.Text;
using Rowmill.Core.Replies;

namespace Rowmill.Tests.Replies;

/// <summary>Mutated replies by the thousand, each read and judged.</summary>
internal static class ReplyFuzz
{
    /// <summary>Replies made of one world: making its schema costs more than reading a reply.</summary>
    public const int RepliesPerWorld = 100;

    /// <summary>Reads so many mutated replies, on every core.</summary>
    /// <param name="seed">Decides them all.</param>
    /// <param name="replies">How many; a multiple of <see cref="RepliesPerWorld"/>.</param>
    /// <param name="read">Reads one; null for the reader itself.</param>
    public static FuzzTally Run(int seed, int replies, Func<FuzzCase, byte[], ReplyReading>? read = null)
    {
        var total = new FuzzTally();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.ForEach(Partitioner.Create(0, replies / RepliesPerWorld, 1), options, range =>
        {
            var tally = new FuzzTally();
            for (var i = range.Item1; i < range.Item2; i++)
            {
                var world = new FuzzWorld(unchecked(seed + i));
                for (var number = 0; number < RepliesPerWorld; number++) Try(world, number, null, tally, read);
            }

            lock (total) total.Add(tally);
        });
        return total;
    }

    /// <summary>Makes one mutated reply, reads and judges it.</summary>
    /// <param name="world">Its pack.</param>
    /// <param name="number">Which of the world's.</param>
    /// <param name="mutators">What is done to it; null for one to four by chance.</param>
    /// <param name="tally">Where it is counted.</param>
    /// <param name="read">Reads it; null for the reader itself.</param>
    public static void Try(
        FuzzWorld world, int number, IReadOnlyList<FuzzMutator>? mutators, FuzzTally tally, Func<FuzzCase, byte[], ReplyReading>? read = null)
    {
        read ??= static (c, text) => c.World.Reader.Read(text, c.World.Rows);
        var c = Make(world, number, mutators);
        var text = c.Text.ToArray();
        try
        {
            var reading = read(c, text);
            tally.Count(c, reading.Good, FuzzOracle.Judge(c, reading));
            if (number % 8 != 0) return;
            var again = read(c, text);
            if (again.Problem != reading.Problem || again.Counts != reading.Counts || again.Rows.Zip(reading.Rows).Any(r => !AreSame(r.First, r.Second)))
            {
                tally.Fail(c, new FuzzFault("read differently", 0, $"{reading.Problem} / {again.Problem}"));
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            tally.Fail(c, new FuzzFault(FuzzTally.Exception, 0, e.ToString()));
        }
    }

    private static bool AreSame(RowReading a, RowReading b) => a.Kind == b.Kind && a.Error == b.Error && a.Json.Span.SequenceEqual(b.Json.Span);

    /// <summary>A reply with those mutations, or with one to four by chance.</summary>
    public static FuzzCase Make(FuzzWorld world, int number, IReadOnlyList<FuzzMutator>? mutators = null)
    {
        var c = new FuzzCase(world, number);
        mutators ??= [.. Enumerable.Range(0, c.Chance.Next(1, 5)).Select(_ => c.Chance.Of(FuzzMutator.All))];
        foreach (var mutator in mutators.Where(m => m.Stage == FuzzStage.Entries)) Apply(mutator);
        c.Render();
        foreach (var mutator in mutators.Where(m => m.Stage == FuzzStage.Around)) Apply(mutator);
        foreach (var mutator in mutators.Where(m => m.Stage == FuzzStage.Bytes)) Apply(mutator);
        return c;

        void Apply(FuzzMutator mutator)
        {
            if (mutator.Apply(c)) c.Done.Add(mutator.Name);
        }
    }

    /// <summary>Looks for a shorter reply with the same fault: the same mutations, or some of them, on packs of one to three rows.</summary>
    public static FuzzFailure Shorten(FuzzFailure failure)
    {
        var mutators = FuzzMutator.All.Where(m => failure.Done.Contains(m.Name)).ToList();
        var shortest = failure;
        for (var seed = 0; seed < 300; seed++)
        {
            var world = new FuzzWorld(seed, mostRows: 1 + (seed % 3));
            for (var number = 0; number < 30; number++)
            {
                var tally = new FuzzTally();
                Try(world, number, mutators.Count == 0 ? null : [.. mutators.Where((_, i) => (number & (1 << i)) == 0)], tally);
                if (tally.Failures.Find(f => f.Fault.Kind == failure.Fault.Kind && f.Text.Length < shortest.Text.Length) is { } shorter) shortest = shorter;
            }
        }

        return shortest;
    }
}

/// <summary>A reply that was not read as it must be.</summary>
/// <param name="Seed">Of its world.</param>
/// <param name="Number">Which of the world's.</param>
/// <param name="Rows">Rows of the pack.</param>
/// <param name="Done">The mutations.</param>
/// <param name="Fault">What is wrong.</param>
/// <param name="Text">The reply.</param>
/// <param name="Schema">What an answer is.</param>
internal sealed record FuzzFailure(int Seed, int Number, int Rows, IReadOnlyList<string> Done, FuzzFault Fault, byte[] Text, string Schema)
{
    /// <summary>The mutations, whatever their order.</summary>
    public string Causes { get; } = string.Join(", ", Done.Distinct().Order(StringComparer.Ordinal));

    public override string ToString() =>
        $"""
        {Fault.Kind}, row {Fault.Row} of {Rows}: {Fault.What}
          world {Seed}, reply {Number}, after: {string.Join(", ", Done)}
          schema: {Schema}
          reply:  {Encoding.UTF8.GetString(Text.AsSpan(0, Math.Min(Text.Length, 4000)))}
          base64: {(Text.Length < 400 ? Convert.ToBase64String(Text) : "")}
        """;
}
