namespace Rowmill.SystemTests.Support;

/// <summary>What a person must be told when a file fails them.</summary>
internal static class Told
{
    /// <summary>The code, one JSON document, all of the words on stderr, and nothing that only those who wrote the program understand.</summary>
    public static ProgramResult Plainly(this ProgramResult result, int code, params IEnumerable<string> words)
    {
        result.Ended(code).Document();
        foreach (var word in words) Assert.Contains(word, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Error, StringComparison.Ordinal);
        return result;
    }
}
