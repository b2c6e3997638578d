using Microsoft.Data.Sqlite;
using Rowmill.Core;
using Rowmill.Core.Limits;

namespace Rowmill.Storage.Limits;

/// <summary>The statements on one connection to <c>limits.db</c>, prepared once. Not safe for concurrent use.</summary>
internal sealed partial class WindowRows(SqliteConnection connection) : IDisposable
{
    private const string OwnerColumns =
        "id, provider, base_url, account, model, charged, given_back, mark, mark_at, earlier, hold_until, hold_reason, hold_order, probe_until, probe";

    private const string WindowColumns =
        "window, measure, span, capacity, quota, used, at, days, told, told_at, calendar, burst, burst_at, burst_order, burst_grows, set_order, lag_order";

    private const string ClaimColumns =
        "number, waits, requests, tokens, input_tokens, output_tokens, at, expires, host, pid, started, expected, ordinal, before, given_back";

    private static readonly string s_saveOwner = LimitsFile.Sql("SaveOwner");
    private static readonly string s_saveUsage = LimitsFile.Sql("SaveUsage");
    private static readonly string s_saveClaim = LimitsFile.Sql("SaveClaim");

    private readonly Dictionary<string, SqliteCommand> _commands = [];

    public void Begin(bool writes) => Run(writes ? "begin immediate" : "begin");

    public void Commit() => Run("commit");

    // SQLite itself has rolled back where it could not go on, and then knows no transaction any more.
    public void Rollback()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) Run("rollback");
    }

    /// <returns>Null when nothing is known of the owner.</returns>
    public OwnerRow? Find(WindowOwner owner)
    {
        const string Sql = $"select {OwnerColumns} from owner where provider = $provider and base_url = $url and account = $account and model = $model";
        return First(Command(Sql, Key(owner)), OwnerIn);
    }

    public OwnerRow FindOrAdd(WindowOwner owner)
    {
        const string Sql =
            $"insert into owner (provider, base_url, account, model) values ($provider, $url, $account, $model) returning {OwnerColumns}";
        return Find(owner) ?? First(Command(Sql, Key(owner)), OwnerIn)!;
    }

    /// <summary>All owners, in the order of <see cref="IWindowStore.ReadAsync"/>.</summary>
    public List<OwnerRow> Owners() => Read(Command($"select {OwnerColumns} from owner order by provider, model, base_url, account"), OwnerIn);

    public List<KeptWindow> WindowsOf(long owner)
    {
        const string Sql = $"select {WindowColumns} from usage where owner = $owner";
        return Read(Command(Sql, ("$owner", owner)), WindowIn);
    }

    public List<Claim> ClaimsOf(long owner, bool waiting)
    {
        const string Sql = $"select {ClaimColumns} from claim where owner = $owner and waits = $waits order by number";
        return Read(Command(Sql, ("$owner", owner), ("$waits", waiting)), ClaimIn);
    }

    public (OwnerRow Owner, Claim Claim)? Find(long number)
    {
        const string Sql = $"select {ClaimColumns}, owner from claim where number = $number";
        const string Owner = $"select {OwnerColumns} from owner where id = $id";
        if (First(Command(Sql, ("$number", number)), r => Tuple.Create(r.GetInt64(15), ClaimIn(r))) is not var (owner, claim)) return null;
        return (First(Command(Owner, ("$id", owner)), OwnerIn)!, claim);
    }

    public void Save(OwnerRow row, OwnerRecord record)
    {
        foreach (var window in record.Windows) Save(row.Id, window);
        var (tally, hold) = (record.Tally, record.Hold);
        if (tally == row.Tally && hold == row.Hold) return;
        Run(s_saveOwner, ("$id", row.Id), ("$charged", ChargeText.Of(tally.Charged)), ("$given_back", ChargeText.Of(tally.GivenBack)),
            ("$mark", ChargeText.Of(tally.Mark)), ("$mark_at", tally.MarkAt.UtcTicks), ("$earlier", ChargeText.Of(tally.Earlier)),
            ("$hold_until", OrNull(hold?.Until.UtcTicks)), ("$hold_reason", OrNull(hold?.Reason)), ("$hold_order", OrNull(hold?.Order)),
            ("$probe_until", OrNull(hold?.ProbeUntil?.UtcTicks)), ("$probe", OrNull(hold?.Probe)));
    }

    /// <returns>The claim's number, new when it had none.</returns>
    public long Save(long owner, Claim claim)
    {
        Run(s_saveClaim, ("$number", claim.Number == 0 ? DBNull.Value : claim.Number), ("$owner", owner), ("$waits", claim.Waits),
            ("$requests", claim.Charge.Requests), ("$tokens", claim.Charge.Tokens), ("$input_tokens", claim.Charge.InputTokens),
            ("$output_tokens", claim.Charge.OutputTokens), ("$at", claim.At.UtcTicks), ("$expires", claim.Expires.UtcTicks),
            ("$host", claim.Holder.Host), ("$pid", claim.Holder.ProcessId), ("$started", claim.Holder.ProcessStarted),
            ("$expected", ChargeText.Of(claim.Expected)), ("$ordinal", claim.Order), ("$before", ChargeText.Of(claim.Before)),
            ("$given_back", ChargeText.Of(claim.GivenBack)));
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

    private void Save(long owner, KeptWindow window)
    {
        var (spec, job) = (window.Spec, window.Job);
        Run(s_saveUsage, ("$owner", owner), ("$window", spec.Name), ("$measure", (int)spec.Measure), ("$span", spec.Span.Ticks),
            ("$capacity", job?.Capacity ?? 0), ("$quota", job?.Limit ?? 0), ("$used", window.Usage.Used), ("$at", window.Usage.At.UtcTicks),
            ("$days", job?.Calendar ?? window.Told?.Calendar ?? false), ("$told", OrNull(window.Told?.Limit)), ("$told_at", window.ToldAt.UtcTicks),
            ("$calendar", window.Calendar), ("$burst", OrNull(window.Burst)), ("$burst_at", window.BurstAt.UtcTicks),
            ("$burst_order", window.BurstOrder), ("$burst_grows", window.BurstGrows), ("$set_order", window.SetOrder), ("$lag_order", window.LagOrder));
    }

    private static (string, object)[] Key(WindowOwner owner) =>
        [("$provider", owner.Provider), ("$url", owner.BaseUrl), ("$account", owner.Account), ("$model", owner.Model)];

    private static OwnerRow OwnerIn(SqliteDataReader r) => new(
        r.GetInt64(0),
        new(r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4)),
        new(ChargeText.Parse(r.GetString(5)), ChargeText.Parse(r.GetString(6)))
        {
            Mark = ChargeText.Parse(r.GetString(7)),
            MarkAt = InstantIn(r, 8),
            Earlier = ChargeText.Parse(r.GetString(9)),
        },
        r.IsDBNull(10) ? null : new(InstantIn(r, 10), r.GetString(11), r.GetInt64(12), r.IsDBNull(13) ? null : InstantIn(r, 13), r.GetInt64(14)));

    private static KeptWindow WindowIn(SqliteDataReader r)
    {
        var shape = new WindowSpec(r.GetString(0), (WindowMeasure)r.GetInt32(1), new TimeSpan(r.GetInt64(2)), r.GetInt64(4), r.GetDouble(3))
        {
            Calendar = r.GetBoolean(7),
        };
        return new KeptWindow
        {
            Job = shape.Limit == 0 ? null : shape,
            Usage = new(r.GetDouble(5), InstantIn(r, 6)),
            Told = r.IsDBNull(8) ? null : shape with { Limit = r.GetInt64(8), Capacity = r.GetInt64(8) },
            ToldAt = InstantIn(r, 9),
            Calendar = r.GetBoolean(10),
            Burst = r.IsDBNull(11) ? null : r.GetDouble(11),
            BurstAt = InstantIn(r, 12),
            BurstOrder = r.GetInt64(13),
            BurstGrows = r.GetBoolean(14),
            SetOrder = r.GetInt64(15),
            LagOrder = r.GetInt64(16),
        }.Fitted();
    }

    private static Claim ClaimIn(SqliteDataReader r) => new(
        r.GetInt64(0), r.GetBoolean(1), new(r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5)), InstantIn(r, 6), InstantIn(r, 7),
        new LeaseOwner(r.GetString(8), r.GetInt32(9), r.GetString(10)))
    {
        Expected = ChargeText.Parse(r.GetString(11)),
        Order = r.GetInt64(12),
        Before = ChargeText.Parse(r.GetString(13)),
        GivenBack = ChargeText.Parse(r.GetString(14)),
    };

    private static DateTimeOffset InstantIn(SqliteDataReader r, int at) => new(r.GetInt64(at), TimeSpan.Zero);

    private static object OrNull(object? value) => value ?? DBNull.Value;

    private static T? First<T>(SqliteCommand command, Func<SqliteDataReader, T> row)
        where T : class
    {
        using var reader = command.ExecuteReader();
        return reader.Read() ? row(reader) : null;
    }

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
