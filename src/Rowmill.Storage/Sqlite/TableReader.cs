namespace Rowmill.Storage.Sqlite;

/// <summary>Reads everything but packs' rows.</summary>
internal sealed class TableReader(Connection connection, NameTable names)
{
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    public NameReader Names { get; } = new(connection, names);

    /// <summary>A statement from one of the SQL files, or of its own text.</summary>
    public Statement Statement(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement)) return statement;
        statement = connection.Prepare(sql.Contains(' ') ? sql : Sql.Read(sql));
        _statements.Add(sql, statement);
        return statement;
    }
}
