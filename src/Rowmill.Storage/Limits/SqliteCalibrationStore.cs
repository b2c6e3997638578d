using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Data.Sqlite;
using Rowmill.Core.Models;
using Rowmill.Core.Stores;

namespace Rowmill.Storage.Limits;

/// <summary>
/// What calls have shown about tokens and the size of packs, beside the windows in the file that all processes of a user share. Adding is one short write
/// transaction, so that processes which add at once all count.
/// </summary>
public sealed class SqliteCalibrationStore : ICalibrationStore, IDisposable
{
    // Services teach their models better forms, and servers are updated: a refusal is tried anew after this time, at the price of one call.
    private static readonly TimeSpan s_formMemory = TimeSpan.FromDays(14);

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly SqliteConnection _connection;

    private SqliteCalibrationStore(string path, SqliteConnection connection, TimeProvider time) =>
        (_path, _connection, _time) = (path, connection, time);

    /// <summary>Opens the file, creating it where there is none.</summary>
    /// <param name="path">The file; for a user's own see <see cref="LimitsFile.DefaultPath"/>.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StoreException">The file is damaged, cannot be read or written, or was written by a newer version.</exception>
    public static SqliteCalibrationStore Open(string path, TimeProvider time)
    {
        var store = new SqliteCalibrationStore(path, LimitsFile.Open(path), time);
        try
        {
            return store.Guarded(() =>
            {
                using var create = store.Command(s_create);
                create.ExecuteNonQuery();
                return store;
            });
        }
        catch (StoreException)
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<UsageMoments> ReadAsync(string route, string? question, CancellationToken cancellationToken = default)
    {
        const string Sql = "select moments from calibration where route = $route and ($question is null or question = $question)";
        return new(Guarded(() =>
        {
            using var command = Command(Sql, ("$route", route), ("$question", (object?)question ?? DBNull.Value));
            using var reader = command.ExecuteReader();
            var sum = default(UsageMoments);
            while (reader.Read()) sum += Moments(reader.GetValue(0));
            return sum;
        }));
    }

    /// <inheritdoc/>
    public ValueTask AddAsync(string route, string question, UsageMoments seen, CancellationToken cancellationToken = default)
    {
        const string Find = "select moments from calibration where route = $route and question = $question";
        const string Save = "insert or replace into calibration (route, question, moments, at) values ($route, $question, $moments, $at)";
        if (!seen.IsSound) return default;
        InTransaction(() =>
        {
            using var find = Command(Find, ("$route", route), ("$question", question));
            var moments = Moments(find.ExecuteScalar()).Then(seen);
            using var save = Command(
                Save, ("$route", route), ("$question", question),
                ("$moments", JsonSerializer.Serialize(moments, MomentsJson.Default.UsageMoments)), ("$at", _time.GetUtcNow().UtcTicks));
            return save.ExecuteNonQuery();
        });
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LearnedPackSize>> SizesAsync(string route, string question, CancellationToken cancellationToken = default)
    {
        const string Sql = "select row_tokens, rows from pack_size where route = $route and question = $question order by row_tokens";
        return new(Guarded<IReadOnlyList<LearnedPackSize>>(() =>
        {
            using var command = Command(Sql, ("$route", route), ("$question", question));
            using var reader = command.ExecuteReader();
            var sizes = new List<LearnedPackSize>();
            while (reader.Read())
            {
                // What is damaged is learned again.
                if (reader.GetValue(0) is not (long tokens and <= int.MaxValue) || reader.GetValue(1) is not (long rows and <= int.MaxValue)) continue;
                if (new LearnedPackSize((int)tokens, (int)rows) is { IsSound: true } size) sizes.Add(size);
            }

            return sizes;
        }));
    }

    /// <inheritdoc/>
    public ValueTask SetSizeAsync(string route, string question, LearnedPackSize size, CancellationToken cancellationToken = default)
    {
        const string Save = "insert or replace into pack_size (route, question, row_tokens, rows, at) values ($route, $question, $tokens, $rows, $at)";
        if (!size.IsSound) return default;
        Guarded(() =>
        {
            using var save = Command(
                Save, ("$route", route), ("$question", question), ("$tokens", size.RowTokens), ("$rows", size.Rows), ("$at", _time.GetUtcNow().UtcTicks));
            return save.ExecuteNonQuery();
        });
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<StructuredOutput?> FormAsync(string route, CancellationToken cancellationToken = default)
    {
        const string Sql = "select form from output_form where route = $route and at > $since";
        return new(Guarded<StructuredOutput?>(() =>
        {
            using var command = Command(Sql, ("$route", route), ("$since", (_time.GetUtcNow() - s_formMemory).UtcTicks));
            return Enum.TryParse<StructuredOutput>(command.ExecuteScalar() as string, out var form) && Enum.IsDefined(form) ? form : null;
        }));
    }

    /// <inheritdoc/>
    public ValueTask SetFormAsync(string route, StructuredOutput form, CancellationToken cancellationToken = default)
    {
        const string Save = "insert or replace into output_form (route, form, at) values ($route, $form, $at)";
        Guarded(() =>
        {
            using var save = Command(Save, ("$route", route), ("$form", form.ToString()), ("$at", _time.GetUtcNow().UtcTicks));
            return save.ExecuteNonQuery();
        });
        return default;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_gate) _connection.Dispose();
    }

    private static readonly string s_create = LimitsFile.Sql("Calibration");

    /// <summary>A stored value; zero, as if there were none, when it is damaged: what it told is learned again.</summary>
    private static UsageMoments Moments(object? stored)
    {
        if (stored is not string json) return default;
        try
        {
            var moments = JsonSerializer.Deserialize(json, MomentsJson.Default.UsageMoments);
            return moments.IsSound ? moments : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private void InTransaction(Func<int> work) => Guarded(() =>
    {
        Execute("begin immediate");
        try
        {
            work();
            Execute("commit");
            return 0;
        }
        catch
        {
            // SQLite itself has rolled back where it could not go on; a transaction of the library's would then fail to end, even on closing.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0) Execute("rollback");
            throw;
        }
    });

    private void Execute(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private T Guarded<T>(Func<T> work)
    {
        lock (_gate)
        {
            try
            {
                return work();
            }
            catch (SqliteException e)
            {
                throw LimitsFile.Broken(_path, e);
            }
        }
    }
}

/// <summary>The sums by their names; names that are missing are zero, names of later versions are passed over.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(UsageMoments))]
internal sealed partial class MomentsJson : JsonSerializerContext;
