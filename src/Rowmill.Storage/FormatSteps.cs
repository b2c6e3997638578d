using System.Globalization;

namespace Rowmill.Storage;

/// <summary>
/// How a file of ours comes to the present format: a new one by its schema, an older one by the steps from format to format, each kept in a
/// .sql file. To be called within the transaction that found the format, so that of several processes one does it and all of it.
/// </summary>
internal static class FormatSteps
{
    /// <summary>Brings the file to the present format, kept in <c>PRAGMA user_version</c>.</summary>
    /// <param name="found">The file's format; 0 for an empty file.</param>
    /// <param name="present">The format this version knows, not below <paramref name="found"/>.</param>
    /// <param name="schema">Reads the tables of the present format.</param>
    /// <param name="upgrade">Reads the step from a format to the next.</param>
    /// <param name="execute">Executes statements.</param>
    public static void Take(long found, long present, Func<string> schema, Func<long, string> upgrade, Action<string> execute)
    {
        if (found == present) return;
        if (found == 0) execute(schema());
        else
        {
            for (var format = found; format < present; format++) execute(upgrade(format));
        }

        execute($"PRAGMA user_version={present.ToString(CultureInfo.InvariantCulture)}");
    }
}
