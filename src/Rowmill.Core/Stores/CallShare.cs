using Rowmill.Core.Models;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Stores;

/// <summary>
/// What one row carries of a call. Tokens and money are divided among all rows the call carried, those that failed in it too, and the
/// shares of all of them add up to the call's total exactly: of n rows the one at position i carries what is due to i + 1 rows less
/// what is due to i.
/// </summary>
/// <param name="Tokens">Its part of the tokens, whole ones.</param>
/// <param name="Usd">Its part of the money; null when the call's cost is not known.</param>
/// <param name="Latency">How long the call took, undivided.</param>
public readonly record struct CallShare(TokenUsage Tokens, decimal? Usd, TimeSpan Latency)
{
    /// <summary>Money is divided to a millionth of a millionth of a dollar, or as finely as the total is written.</summary>
    private const int Digits = 12;

    // Dividing by a one with all its decimals takes the trailing zeros off (System.Decimal keeps the scale of an exact quotient small).
    private const decimal Trim = 1.0000000000000000000000000000m;

    /// <summary>The share of the row at a 0-based position.</summary>
    /// <param name="tokens">The call's tokens.</param>
    /// <param name="usd">The call's money, in USD; null when it is not known.</param>
    /// <param name="latency">How long it took.</param>
    /// <param name="position">From 0 up to <paramref name="rows"/>.</param>
    /// <param name="rows">How many rows the call carried.</param>
    public static CallShare At(TokenUsage tokens, decimal? usd, TimeSpan latency, int position, int rows) => new(
        new TokenUsage(Part(tokens.Input, position, rows), Part(tokens.CachedInput, position, rows), Part(tokens.Output, position, rows)),
        usd is { } total ? UsdAt(total, position, rows) : null,
        latency);

    /// <summary>The share of the money, in USD, of the row at a 0-based position.</summary>
    public static decimal UsdAt(decimal total, int position, int rows) => (Due(total, position + 1, rows) - Due(total, position, rows)) / Trim;

    /// <summary>What a row carries of a call; null when the call is not settled or did not carry it.</summary>
    public static CallShare? Of(CallRecord call, RowKey row) =>
        call.Settlement is { } s && PositionOf(call.Intent.Rows, row) is >= 0 and var at ? At(s.Usage, s.Usd, s.Latency, at, call.Intent.Rows.Count) : null;

    /// <summary>The position of a row in a call, or -1.</summary>
    public static int PositionOf(IReadOnlyList<RowKey> rows, RowKey row)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i] == row) return i;
        }

        return -1;
    }

    private static long Part(long total, int position, int rows) => (total * (position + 1) / rows) - (total * position / rows);

    private static decimal Due(decimal total, int first, int rows) =>
        first == rows ? total : decimal.Round(total / rows * first, Math.Max(total.Scale, (byte)Digits));
}
