using System.Text.RegularExpressions;
using Rowmill.Core.Rows;

namespace Rowmill.Core.Jobs;

/// <summary>Which columns of a table tell a model nothing.</summary>
internal static partial class TemplateColumns
{
    /// <summary>True for numbers of rows, identifiers, addresses and hashes, columns without a value, and a former output's columns.</summary>
    public static bool IsUseless(SourceColumn column)
    {
        var values = column.Samples.Where(s => !string.IsNullOrWhiteSpace(s)).Select(s => s.Trim()).ToArray();
        if (column.Samples.Count > 0 && values.Length == 0) return true;
        var name = column.Name.Trim();
        if (name.Length == 0 || UselessName().IsMatch(name)) return true;
        if (values.Length == 0) return false;
        return values.All(v => UselessValue().IsMatch(v)) || (IdName().IsMatch(name) && values.All(v => !v.Contains(' ')));
    }

    [GeneratedRegex(
        @"^(id|uuid|guid|rowid|row[_ ]?(id|number|no|num)|index|unnamed: ?\d+|url|uri|link|href|ai\d?_(status|error))\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UselessName();

    [GeneratedRegex(@"([_ -]id|[a-z]I[dD]|_uuid|_guid)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex IdName();

    [GeneratedRegex(
        @"^(https?://\S+|data:\S+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32,})\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UselessValue();
}
