using System.Text;

namespace Rowmill.Core.Rows;

/// <summary>A cell as text for people and for tables.</summary>
public static class CellText
{
    /// <summary>The cell as a string: a JSON string is what it means, JSON null is empty, any other JSON stays as it is.</summary>
    public static string Read(ReadOnlySpan<byte> cell, CellFormat format) =>
        format == CellFormat.Text ? Encoding.UTF8.GetString(cell) : Encoding.UTF8.GetString(Utf8(cell, new ByteBuffer()));

    /// <summary>The same of a JSON value in UTF-8; <paramref name="buffer"/> is used where it must be decoded.</summary>
    internal static ReadOnlySpan<byte> Utf8(ReadOnlySpan<byte> json, ByteBuffer buffer)
    {
        if (json.SequenceEqual("null"u8)) return default;
        if (json is not [(byte)'"', ..]) return json;
        if (!json.Contains((byte)'\\')) return json[1..^1];
        buffer.Clear();
        CanonicalJson.AppendText(buffer, json);
        return buffer.Written;
    }
}
