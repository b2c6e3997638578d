namespace Rowmill.Storage.Sqlite;

/// <summary>The SQL that lives in files of its own.</summary>
internal static class Sql
{
    /// <summary>Reads one of the embedded files, by its name without extension.</summary>
    public static string Read(string name)
    {
        using var stream = typeof(Sql).Assembly.GetManifestResourceStream($"Rowmill.Storage.Sqlite.Sql.{name}.sql")
            ?? throw new ArgumentException($"there is no SQL file {name}", nameof(name));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
