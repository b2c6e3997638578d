using System.Globalization;

namespace Rowmill.Core;

/// <summary>How a number of things is written for people.</summary>
public static class Counted
{
    /// <summary>A number of things: <c>1 row</c>, <c>1,200 rows</c>, <c>2 batches</c>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="thing">One of them.</param>
    /// <param name="many">What makes it several.</param>
    public static string Of(long count, string thing, string many = "s") =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {thing}{(count == 1 ? "" : many)}");

    /// <summary>A number of batches.</summary>
    public static string Batches(long count) => Of(count, "batch", "es");
}
