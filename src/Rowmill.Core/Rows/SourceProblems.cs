namespace Rowmill.Core.Rows;

/// <summary>Collects the problems of one source up to a bound, so that a thoroughly broken file stays readable and memory flat.</summary>
internal sealed class SourceProblems(string file)
{
    /// <summary>How many are told in full.</summary>
    public const int Bound = 20;

    private readonly List<Problem> _problems = [];

    /// <summary>Number of problems found, told or not.</summary>
    public long Count { get; private set; }

    public void Add(long? line, string message, string? fix = null, string? key = null)
    {
        if (++Count <= Bound) _problems.Add(new Problem(message) { File = file, Line = line, Fix = fix, Key = key });
    }

    /// <summary>Forgets what was found: something outranks it.</summary>
    public void Clear()
    {
        _problems.Clear();
        Count = 0;
    }

    public IReadOnlyList<Problem> ToList() => Count <= Bound
        ? [.. _problems]
        : [.. _problems, new Problem($"And {Count - Bound} more problems like these.") { File = file }];

    /// <summary>Throws when something was found.</summary>
    public void ThrowIfAny()
    {
        if (Count > 0) throw new ProblemException(ToList());
    }
}
