using System.Globalization;
using System.Text;

namespace Rowmill.Tests.Replies;

/// <summary>What came of mutated replies.</summary>
internal sealed class FuzzTally
{
    public const string Exception = "exception";

    private readonly SortedDictionary<string, Line> _lines = new(StringComparer.Ordinal);
    private Line _total;

    /// <summary>Replies read.</summary>
    public long Replies => _total.Replies;

    /// <summary>Rows accepted.</summary>
    public long Accepted => _total.Accepted;

    /// <summary>Answers on a row that is not theirs.</summary>
    public long Misplaced => _total.Misplaced;

    /// <summary>Replies that made the reader throw.</summary>
    public long Exceptions => _total.Exceptions;

    /// <summary>Every other fault.</summary>
    public long Others => _total.Others;

    /// <summary>Of each kind of fault some, the shortest replies.</summary>
    public List<FuzzFailure> Failures { get; } = [];

    public void Count(FuzzCase c, int accepted, FuzzFault? fault)
    {
        var line = new Line(1, c.World.Rows, accepted, 0, 0, 0);
        Enter(c, line);
        if (fault is not null) Fail(c, fault);
    }

    public void Fail(FuzzCase c, FuzzFault fault)
    {
        Enter(c, fault.Kind switch
        {
            FuzzOracle.Misplaced => new Line(0, 0, 0, 1, 0, 0),
            Exception => new Line(1, c.World.Rows, 0, 0, 1, 0),
            _ => new Line(0, 0, 0, 0, 0, 1),
        });
        Keep(new FuzzFailure(c.World.Seed, c.Number, c.World.Rows, c.Done, fault, c.Text.ToArray(), c.World.Answer.Schema));
    }

    public void Add(FuzzTally other)
    {
        _total += other._total;
        foreach (var (name, line) in other._lines) _lines[name] = _lines.GetValueOrDefault(name) + line;
        foreach (var failure in other.Failures) Keep(failure);
    }

    /// <summary>The counts, for each mutator those of the replies it was applied to.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{"",-42}{"replies",10}{"rows",11}{"accepted",11}{"kept",8}{"misplaced",11}{"exceptions",12}{"other",7}");
        foreach (var (name, line) in _lines.Append(new("all", _total)))
        {
            var kept = line.Rows == 0 ? 0 : (double)line.Accepted / line.Rows;
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{name,-42}{line.Replies,10}{line.Rows,11}{line.Accepted,11}{kept,8:P1}{line.Misplaced,11}{line.Exceptions,12}{line.Others,7}");
        }

        return text.ToString();
    }

    private void Enter(FuzzCase c, Line line)
    {
        _total += line;
        foreach (var name in c.Done.Distinct()) _lines[name] = _lines.GetValueOrDefault(name) + line;
    }

    private void Keep(FuzzFailure failure)
    {
        const int PerKind = 20;
        // The shortest after the same mutations, so that faults of many causes are seen.
        if (Failures.Find(f => f.Fault.Kind == failure.Fault.Kind && f.Causes == failure.Causes) is { } same)
        {
            if (failure.Text.Length >= same.Text.Length) return;
            Failures.Remove(same);
        }

        Failures.Add(failure);
        var kind = Failures.FindAll(f => f.Fault.Kind == failure.Fault.Kind);
        if (kind.Count > PerKind) Failures.Remove(kind.MaxBy(f => f.Text.Length)!);
    }

    private readonly record struct Line(long Replies, long Rows, long Accepted, long Misplaced, long Exceptions, long Others)
    {
        public static Line operator +(Line a, Line b) => new(
            a.Replies + b.Replies, a.Rows + b.Rows, a.Accepted + b.Accepted, a.Misplaced + b.Misplaced, a.Exceptions + b.Exceptions, a.Others + b.Others);
    }
}
