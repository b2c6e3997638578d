using System.Buffers.Text;
using System.Globalization;

namespace Rowmill.Core.Outputs;

/// <summary>Writes receipts: one cell for each column, or one JSON object.</summary>
internal static class ReceiptCells
{
    /// <summary>The columns in order, without prefix.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "model", "prompt", "call", "attempt", "input_tokens", "cached_input_tokens", "output_tokens", "usd", "latency_ms", "from_cache", "answered_at",
    ];

    private static readonly byte[][] s_labels = [.. Names.Select((name, i) => System.Text.Encoding.UTF8.GetBytes($"{(i == 0 ? '{' : ',')}\"{name}\":"))];

    /// <summary>Appends the text of one column; nothing where it is not known.</summary>
    public static void Append(ByteBuffer target, RowReceipt receipt, int column)
    {
        switch (column)
        {
            case 0: target.Append(receipt.Model.AsSpan()); break;
            case 1: target.Append(receipt.Prompt.AsSpan()); break;
            case 2: Append(target, receipt.Call); break;
            case 3: Append(target, receipt.Attempt); break;
            case 4: Append(target, receipt.InputTokens); break;
            case 5: Append(target, receipt.CachedInputTokens); break;
            case 6: Append(target, receipt.OutputTokens); break;
            case 7: Append(target, receipt.Usd); break;
            case 8: Append(target, receipt.Latency is { } latency ? Math.Round((decimal)latency.TotalMilliseconds, 1) : null); break;
            case 9: target.Append(receipt.FromCache ? "true"u8 : "false"u8); break;
            default: AppendTime(target, receipt.At); break;
        }
    }

    /// <summary>Appends the receipt as one JSON object; <c>null</c> for none.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="text">Scratch.</param>
    public static void AppendJson(ByteBuffer target, RowReceipt? receipt, ByteBuffer text)
    {
        if (receipt is null)
        {
            target.Append("null"u8);
            return;
        }

        for (var i = 0; i < s_labels.Length; i++)
        {
            target.Append(s_labels[i]);
            text.Clear();
            Append(text, receipt, i);
            if (i is 0 or 1 || i == s_labels.Length - 1) CanonicalJson.AppendString(target, text.Written);
            else target.Append(text.Length == 0 ? "null"u8 : text.Written);
        }

        target.Append((byte)'}');
    }

    private static void Append(ByteBuffer target, long? value)
    {
        if (value is not { } number) return;
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, text, out var length);
        target.Append(text[..length]);
    }

    private static void Append(ByteBuffer target, decimal? value)
    {
        if (value is not { } number) return;
        Span<byte> text = stackalloc byte[40];
        Utf8Formatter.TryFormat(number, text, out var length);
        target.Append(text[..length]);
    }

    // ISO 8601 in UTC, to the millisecond.
    private static void AppendTime(ByteBuffer target, DateTimeOffset at)
    {
        Span<byte> text = stackalloc byte[32];
        at.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        target.Append(text[..length]);
    }
}
