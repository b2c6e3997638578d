using System.Globalization;
using System.Numerics;

namespace Rowmill.Core.Packing;

/// <summary>Classes of rows by the estimated tokens of their fields, each four times as long as the one before: 0 to 3, 4 to 15, 16 to 63 …</summary>
internal static class RowLength
{
    /// <summary>How many classes there are.</summary>
    public const int Classes = 16;

    /// <summary>The class of a pack's mean row.</summary>
    public static int Of(int rows, long fieldTokens) => Of((double)fieldTokens / rows);

    /// <summary>The class of a row.</summary>
    public static int Of(double fieldTokens) => fieldTokens < 1 ? 0 : BitOperations.Log2((uint)Math.Min(uint.MaxValue, fieldTokens)) / 2;

    /// <summary>The least tokens of a row of the class.</summary>
    public static int Least(int length) => length == 0 ? 0 : 1 << (2 * length);

    /// <summary>The class in words: its least and most tokens, such as <c>64-255</c>.</summary>
    public static string Name(int length) => length == Classes - 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Least(length)}-")
        : string.Create(CultureInfo.InvariantCulture, $"{Least(length)}-{Least(length + 1) - 1}");
}
