namespace Rowmill.Core.Jobs;

/// <summary>The problems found in one file, so far.</summary>
/// <param name="file">The file as the person named it.</param>
internal sealed class JobFileProblems(string file)
{
    private readonly List<Problem> _problems = [];

    /// <summary>The file as the person named it.</summary>
    public string File { get; } = file;

    /// <summary>How many there are.</summary>
    public int Count => _problems.Count;

    /// <summary>Adds one.</summary>
    public void Add(int? line, string? key, string message, string? fix = null) =>
        _problems.Add(new Problem(message) { File = File, Line = line, Key = string.IsNullOrEmpty(key) ? null : key, Fix = fix });

    /// <summary>All of them from the top of the file down, in the order found within a line.</summary>
    public IReadOnlyList<Problem> InFileOrder() => [.. _problems.OrderBy(p => p.Line ?? 0)];
}
