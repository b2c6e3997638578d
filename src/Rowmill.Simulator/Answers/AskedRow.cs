namespace Rowmill.Simulator.Answers;

/// <summary>One row of a request.</summary>
/// <param name="Id">Raw JSON of its id, echoed as it came.</param>
/// <param name="Canonical">Its other fields as canonical JSON: keys sorted, compact.</param>
/// <param name="Hash">Of <paramref name="Canonical"/>.</param>
/// <param name="Hint">A few of its words, to make answers tell what they answer.</param>
internal sealed record AskedRow(string Id, string Canonical, ulong Hash, string Hint)
{
    /// <summary>True when some text of the row holds this.</summary>
    public bool Holds(string? text)
    {
        if (text is null) return false;
        if (Canonical.Contains(text, StringComparison.Ordinal)) return true;
        // A text with quotes or breaks is escaped in the JSON.
        var escaped = System.Text.Json.JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        return Canonical.Contains(escaped.Value, StringComparison.Ordinal);
    }
}
