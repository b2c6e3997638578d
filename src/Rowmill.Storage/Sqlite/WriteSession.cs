using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>What operations write with: the writer's connection and what belongs to its transaction.</summary>
internal sealed class WriteSession(Connection connection, NameTable names, IndexKeeper index)
{
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);
    private readonly Dictionary<(long Question, long Route, long Job), PackTotals> _totals = [];
    private readonly Statement _token = connection.Prepare("SELECT token FROM leases WHERE job = ?1");

    private Lease? _checked;
    private bool _lost;

    public Connection Connection => connection;

    public IndexKeeper Index => index;

    /// <summary>A call known to exist; perhaps not the last one.</summary>
    public long LastCall { get; set; }

    public NameWriter Names { get; } = new(connection, names);

    /// <summary>A statement from one of the SQL files, or of its own text.</summary>
    public Statement Statement(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement)) return statement;
        statement = connection.Prepare(sql.Contains(' ') ? sql : Sql.Read(sql));
        _statements.Add(sql, statement);
        return statement;
    }

    /// <summary>Whether another run has taken the job; asked once per transaction and lease.</summary>
    public bool IsLost(Lease lease)
    {
        if (ReferenceEquals(lease, _checked)) return _lost;
        _lost = false;
        if (_token.Bind(1, lease.Job).Step())
        {
            _lost = _token.Int64(0) > lease.Token;
            _token.Reset();
        }

        _checked = lease;
        return _lost;
    }

    /// <summary>Counts a pack; written once per transaction.</summary>
    public void Count(long question, long route, long job, PackTotals totals)
    {
        var owner = (question, route, job);
        _totals[owner] = _totals.GetValueOrDefault(owner) + totals;
    }

    public void BeforeCommit()
    {
        foreach (var ((question, route, job), totals) in _totals)
        {
            Statement("totals_add")
                .Bind(1, question).Bind(2, route).Bind(3, job)
                .Bind(4, totals.Packs).Bind(5, totals.Rows).Bind(6, totals.Good).Bind(7, totals.Fresh)
                .Run();
        }
    }

    public void Committed()
    {
        Names.Committed();
        Forget();
    }

    public void RolledBack()
    {
        Names.RolledBack();
        Forget();
    }

    private void Forget()
    {
        _totals.Clear();
        _checked = null;
    }
}

/// <summary>Sums over packs.</summary>
internal readonly record struct PackTotals(long Packs, long Rows, long Good, long Fresh)
{
    public static PackTotals operator +(PackTotals a, PackTotals b) =>
        new(a.Packs + b.Packs, a.Rows + b.Rows, a.Good + b.Good, a.Fresh + b.Fresh);
}
