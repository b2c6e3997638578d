using Microsoft.Data.Sqlite;
using Rowmill.Core;
using Rowmill.Core.Limits;

namespace Rowmill.Storage.Limits;

/// <summary>The statements on one connection to <c>limits.db</c>, prepared once. Not safe for concurrent use.</summary>
internal sealed class WindowRows(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    public void Begin() => Run("begin immediate");

    public void Commit() => Run("commit");

    // SQLite itself has rolled back where it could not go on, and then knows no transaction any more.
    public void Rollback()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) Run("rollback");
    }

    public long OwnerOf(WindowOwner owner)
    {
        const string Find = "select id from owner where provider = $provider and base_url = $url and account = $account and model = $model";
        const string Add = "insert into owner (provider, base_url, account, model) values ($provider, $url, $account, $model) returning id";
        (string, object)[] key =
            [("$provider", owner.Provider), ("$url", owner.BaseUrl), ("$account", owner.Account), ("$model", owner.Model)];
        return (long)(Command(Find, key).ExecuteScalar() ?? Command(Add, key).ExecuteScalar()!);
    }

    public List<UsedWindow> WindowsOf(long owner)
    {
        const string Sql = "select window, measure, span, quota, capacity, used, at from usage where owner = $owner";
        return Read(Command(Sql, ("$owner", owner)), r => WindowIn(r, 0));
    }

    public List<(WindowOwner Owner, UsedWindow Window)> All() => Read(
        Command(LimitsFile.Sql("ReadAll")), r => (new WindowOwner(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3)), WindowIn(r, 4)));

    public List<Claim> ClaimsOf(long owner)
    {
        const string Sql = "select * from claim where owner = $owner order by number";
        return Read(Command(Sql, ("$owner", owner)), ClaimIn);
    }

    public (long Owner, string Provider, Claim Claim)? Find(long number)
    {
        const string Sql = "select c.*, o.provider from claim c join owner o on o.id = c.owner where number = $number";
        var found = Read(Command(Sql, ("$number", number)), r => (r.GetInt64(1), r.GetString(12), ClaimIn(r)));
        return found.Count == 0 ? null : found[0];
    }

    public void Save(long owner, IReadOnlyList<UsedWindow> windows)
    {
        foreach (var (spec, usage) in windows)
        {
            Run(s_saveUsage, ("$owner", owner), ("$window", spec.Name), ("$measure", (int)spec.Measure), ("$span", spec.Span.Ticks),
                ("$capacity", spec.Capacity), ("$quota", spec.Limit), ("$used", usage.Used), ("$at", usage.At.UtcTicks));
        }
    }

    /// <returns>The claim's number, new when it had none.</returns>
    public long Save(long owner, Claim claim)
    {
        Run(s_saveClaim, ("$number", claim.Number == 0 ? DBNull.Value : claim.Number), ("$owner", owner), ("$waits", claim.Waits),
            ("$requests", claim.Charge.Requests), ("$tokens", claim.Charge.Tokens), ("$input_tokens", claim.Charge.InputTokens),
            ("$output_tokens", claim.Charge.OutputTokens), ("$at", claim.At.UtcTicks), ("$expires", claim.Expires.UtcTicks),
            ("$host", claim.Holder.Host), ("$pid", claim.Holder.ProcessId), ("$started", claim.Holder.ProcessStarted));
        return claim.Number == 0 ? SQLitePCL.raw.sqlite3_last_insert_rowid(connection.Handle) : claim.Number;
    }

    public void Delete(long number) => Run("delete from claim where number = $number", ("$number", number));

    /// <summary>The user's salt; the first caller's proposal becomes it.</summary>
    public byte[] Salt(byte[] proposal)
    {
        Run("insert or ignore into meta (name, value) values ('salt', $salt)", ("$salt", proposal));
        return (byte[])Command("select value from meta where name = 'salt'").ExecuteScalar()!;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
        connection.Dispose();
    }

    private static readonly string s_saveUsage = LimitsFile.Sql("SaveUsage");
    private static readonly string s_saveClaim = LimitsFile.Sql("SaveClaim");

    private static UsedWindow WindowIn(SqliteDataReader r, int at) => new(
        new(r.GetString(at), (WindowMeasure)r.GetInt32(at + 1), new TimeSpan(r.GetInt64(at + 2)), r.GetInt64(at + 3), r.GetDouble(at + 4)),
        new(r.GetDouble(at + 5), InstantIn(r, at + 6)));

    private static Claim ClaimIn(SqliteDataReader r) => new(
        r.GetInt64(0), r.GetBoolean(2), new(r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6)), InstantIn(r, 7), InstantIn(r, 8),
        new LeaseOwner(r.GetString(9), r.GetInt32(10), r.GetString(11)));

    private static DateTimeOffset InstantIn(SqliteDataReader r, int at) => new(r.GetInt64(at), TimeSpan.Zero);

    private static List<T> Read<T>(SqliteCommand command, Func<SqliteDataReader, T> row)
    {
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(row(reader));
        return rows;
    }

    private void Run(string sql, params ReadOnlySpan<(string Name, object Value)> parameters) => Command(sql, parameters).ExecuteNonQuery();

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            _commands[sql] = command;
        }

        command.Parameters.Clear();
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
