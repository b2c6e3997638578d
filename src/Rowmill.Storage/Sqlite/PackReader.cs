using Rowmill.Core.Rows;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Sqlite;

/// <summary>Finds stored outcomes over one connection; used by one caller at a time.</summary>
internal sealed class PackReader
{
    private readonly SqliteStoreOptions _options;
    private readonly Connection _connection;
    private readonly PackIndex _index;
    private readonly NameReader _names;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _head;
    private readonly Statement _candidates;
    private readonly Statement _pack;
    private readonly Statement _following;
    private readonly List<long> _ids = [];
    private PackWindow? _window;

    public PackReader(Connection connection, NameTable names, PackIndex index, SqliteStoreOptions options)
    {
        _connection = connection;
        _index = index;
        _options = options;
        _names = new NameReader(connection, names);
        _begin = connection.Prepare("BEGIN");
        _commit = connection.Prepare("COMMIT");
        _head = connection.Prepare(Sql.Read("pack_head"));
        _candidates = connection.Prepare("SELECT pack FROM pack_index WHERE h = ?1");
        _pack = connection.Prepare($"SELECT {StoredPack.Columns} FROM packs WHERE id = ?1");
        _following = connection.Prepare($"SELECT {StoredPack.Columns} FROM packs WHERE id > ?1 ORDER BY id LIMIT ?2");
    }

    /// <summary>Finds what counts for each key.</summary>
    /// <param name="scope">What counts.</param>
    /// <param name="keys">The rows.</param>
    /// <param name="found">Receives the outcomes.</param>
    /// <param name="required">The newest pack that the index must cover; lowered to the newest there is.</param>
    /// <returns>False when it does not cover that one yet: then it must catch up first.</returns>
    public bool TryFind(AnswerScope scope, ReadOnlySpan<RowKey> keys, Span<StoredOutcome?> found, ref long required)
    {
        var view = _index.Enter(out var seenTo);
        try
        {
            _begin.Run();
            var complete = TryFind(scope, keys, found, seenTo, view, ref required);
            _commit.Run();
            return complete;
        }
        catch
        {
            _connection.Abandon();
            throw;
        }
        finally
        {
            _index.Leave();
        }
    }

    private bool TryFind(
        AnswerScope scope, ReadOnlySpan<RowKey> keys, Span<StoredOutcome?> found, long seenTo, IndexView view, ref long required)
    {
        if (_names.Id(scope.Question) is not { } question)
        {
            found.Clear();
            return true;
        }

        _ = _head.Bind(1, question).Step();
        required = Math.Min(required, _head.Int64(0));
        var indexed = _head.Int64(1) > 0;
        var plain = _head.Int64(2) == 0;
        _head.Reset();
        if (required > seenTo) return false;

        var routes = new long[scope.Routes.Count];
        for (var i = 0; i < routes.Length; i++) routes[i] = _names.Id(scope.Routes[i]) ?? -1;
        if (_window?.Question != question) _window = new PackWindow(question, _options.WindowRows, _options.WindowBytes);

        for (var i = 0; i < keys.Length; i++)
        {
            // Nothing beats an answer of the first route, unless rows of the question were asked afresh.
            found[i] = plain && routes.Length > 0 && _window.TryFind(keys[i], out var pack, out var row)
                && pack.Route == routes[0] && pack.IsGood(row)
                ? pack.Outcome(row)
                : Resolve(keys[i], question, routes, view, indexed);
        }

        return true;
    }

    private StoredOutcome? Resolve(in RowKey key, long question, long[] routes, IndexView view, bool indexed)
    {
        var hash = Memtable.Hash(key, question);
        _ids.Clear();
        view.Find(hash, _ids);
        if (indexed)
        {
            _candidates.Bind(1, hash);
            while (_candidates.Step()) _ids.Add(_candidates.Int64(0));
        }

        if (_ids.Count == 0) return null;
        _ids.Sort();
        StoredPack? best = null;
        int bestRow = 0, bestRank = int.MaxValue;
        for (var i = _ids.Count - 1; i >= 0 && bestRank > 0; i--)
        {
            if (i + 1 < _ids.Count && _ids[i] == _ids[i + 1]) continue; // merged, and still in memory
            if (Read(_ids[i]) is not { } pack || pack.Question != question) continue;
            var rank = Array.IndexOf(routes, pack.Route);
            var row = rank < 0 ? -1 : pack.IndexOf(key);
            if (row < 0) continue;
            var good = pack.IsGood(row);
            if (!good) rank = routes.Length;
            if (rank < bestRank) (best, bestRow, bestRank) = (pack, row, rank);

            // What is older does not count any more.
            if (pack.Supersedes == Supersedes.EveryRoute && good) break;
        }

        if (best is null) return null;
        _window!.Found(best, bestRow, ReadFollowing);
        return best.Outcome(bestRow);
    }

    private StoredPack? Read(long id)
    {
        if (_window!.Get(id) is { } held) return held;
        if (!_pack.Bind(1, id).Step()) return null;
        var pack = new StoredPack(_pack, _names);
        _pack.Reset();
        return pack;
    }

    private IEnumerable<StoredPack> ReadFollowing(long id, int most)
    {
        _following.Bind(1, id).Bind(2, most);
        try
        {
            while (_following.Step()) yield return new StoredPack(_following, _names);
        }
        finally
        {
            _following.Reset();
        }
    }
}
