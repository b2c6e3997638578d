using System.Globalization;
using Rowmill.Core.Limits;

namespace Rowmill.Storage.Limits;

/// <summary>An owner as its row holds it.</summary>
internal sealed record OwnerRow(long Id, WindowOwner Owner, Tally Tally, KeptHold? Hold);

/// <summary>A charge as a column holds it: requests, tokens, input tokens, output tokens.</summary>
internal static class ChargeText
{
    public static string Of(Charge charge) => string.Create(
        CultureInfo.InvariantCulture, $"{charge.Requests} {charge.Tokens} {charge.InputTokens} {charge.OutputTokens}");

    public static Charge Parse(string text)
    {
        Span<long> numbers = stackalloc long[4];
        var rest = text.AsSpan();
        for (var i = 0; i < numbers.Length; i++)
        {
            var end = rest.IndexOf(' ');
            numbers[i] = long.Parse(end < 0 ? rest : rest[..end], CultureInfo.InvariantCulture);
            rest = rest[(end + 1)..];
        }

        return new(numbers[0], numbers[1], numbers[2], numbers[3]);
    }
}
