namespace Rowmill.Core;

/// <summary>Something a person must mend before a job can run: one mistake in the command line, the job file or the source.</summary>
/// <param name="Message">What is wrong, in one sentence, with the offending value.</param>
public sealed record Problem(string Message)
{
    /// <summary>The file the mistake is in, as the person named it; null when it is in no file.</summary>
    public string? File { get; init; }

    /// <summary>1-based line in <see cref="File"/>; null when it has none.</summary>
    public long? Line { get; init; }

    /// <summary>The key, column or option, as a path such as <c>answer.properties.energy</c>.</summary>
    public string? Key { get; init; }

    /// <summary>What to do about it, in one sentence; null when the message says it.</summary>
    public string? Fix { get; init; }

    /// <summary>The environment variable with the key that is missing; null when something else is wrong.</summary>
    public string? MissingKey { get; init; }

    /// <summary>One line for people: <c>file:line: key: message. fix</c>.</summary>
    public override string ToString()
    {
        var place = File is null ? "" : Line is null ? $"{File}: " : $"{File}:{Line}: ";
        var key = Key is null ? "" : $"{Key}: ";
        var fix = Fix is null ? "" : $" {Fix}";
        return $"{place}{key}{Message}{fix}";
    }
}

/// <summary>Thrown at the edge when a job, its files or its source cannot be used; it carries every problem found, not the first.</summary>
public sealed class ProblemException(IReadOnlyList<Problem> problems)
    : Exception(string.Join(Environment.NewLine, problems.Select(p => p.ToString())))
{
    /// <summary>One problem.</summary>
    public ProblemException(Problem problem) : this([problem])
    {
    }

    /// <summary>Every problem found, at least one.</summary>
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
