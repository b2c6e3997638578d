using Rowmill.Core.Stores;
using Rowmill.Storage.Sqlite;
using Rowmill.Tests.Stores;
using Rowmill.Tests.Support;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Storage.Sqlite;

/// <summary>Generated sequences of operations against a model that is obviously right: a list.</summary>
public sealed class AnswerModelTests
{
    private static readonly string[] s_routes = ["a/x@http://one", "b/y@http://two", "c/z@http://three"];
    private static readonly string[] s_questions = ["question", "another"];

    private sealed record Stored(string Question, string Route, int Row, OutcomeKind Kind, string Json, Supersedes Supersedes);

    [Theory]
    [InlineData(1, 16, 8)]
    [InlineData(2, 16, 3)]
    [InlineData(3, 50, 8)]
    [InlineData(4, 200, 64)]
    [InlineData(5, 7, 100)]
    [InlineData(6, 100_000, 8192)]
    public async Task Two_stores_on_one_file_agree_with_the_model(int seed, int memtableRows, int sliceRows)
    {
        var chance = new Random(seed);
        using var folder = new TempFolder();
        var options = new SqliteStoreOptions { MemtableRows = memtableRows, SliceRows = sliceRows, WindowRows = 60, WindowBytes = 6000 };
        var model = new List<Stored>();
        SqliteStore[] stores = [await Open(), await Open()];
        for (var step = 0; step < 400; step++)
        {
            var store = stores[chance.Next(2)];
            var kind = chance.Next(100);
            if (kind < 55) await Append(store.Answers, model, chance, step);
            else if (kind < 97) await Compare(store.Answers, model, chance);
            else await Reopen(chance.Next(2));
        }

        foreach (var store in stores)
        {
            for (var i = 0; i < 20; i++) await Compare(store.Answers, model, chance);
            await store.DisposeAsync();
        }

        async ValueTask<SqliteStore> Open() => await SqliteStore.OpenAsync(folder.File("x.db"), new VirtualClock(), options);

        async Task Reopen(int which)
        {
            await stores[which].DisposeAsync();
            stores[which] = await Open();
        }
    }

    private static async Task Append(IAnswerStore store, List<Stored> model, Random chance, int step)
    {
        var question = s_questions[chance.Next(10) < 8 ? 0 : 1];
        var route = s_routes[chance.Next(3)];
        var first = chance.Next(500);
        var rows = Enumerable.Range(first, chance.Next(1, 25)).Select(row => chance.Next(10) switch
        {
            < 7 => Answer(row, $$"""{"step":{{step}},"row":{{row}}}""", chance.Next(1, 3)),
            7 => Abstain(row, $"step {step}"),
            _ => Fail(row, $"step {step}"),
        }).ToArray();

        // A run asks again what has an answer only when told to, and says so.
        var keys = rows.Select((_, i) => first + i).ToHashSet();
        var again = model.Any(s => s.Question == question && s.Route == route && s.Kind != OutcomeKind.Failed && keys.Contains(s.Row));
        if (again && chance.Next(3) > 0) return;
        var supersedes = !again ? Supersedes.Nothing : chance.Next(2) == 0 ? Supersedes.EveryRoute : Supersedes.OwnRoute;
        await store.AppendAsync(Pack(rows) with { Question = question, Route = route, Supersedes = supersedes });
        model.AddRange(rows.Select((r, i) => new Stored(question, route, first + i, r.Kind, System.Text.Encoding.UTF8.GetString(r.Json.Span), supersedes)));
    }

    private static async Task Compare(IAnswerStore store, List<Stored> model, Random chance)
    {
        var routes = s_routes.ToArray();
        chance.Shuffle(routes);
        var scope = new AnswerScope(s_questions[chance.Next(10) < 8 ? 0 : 1], routes[..chance.Next(1, 4)]);
        var from = chance.Next(500);
        var rows = chance.Next(2) == 0
            ? Enumerable.Range(from, chance.Next(1, 200)).ToArray()
            : Enumerable.Range(0, 30).Select(_ => chance.Next(540)).ToArray();

        var found = await store.FindAsync(scope, rows);

        for (var i = 0; i < rows.Length; i++)
        {
            var expected = Best(model, scope, rows[i]);
            Assert.Equal((expected?.Kind, expected?.Route, expected?.Json ?? ""), (found[i]?.Kind, found[i]?.Route, found[i].Text()));
        }
    }

    private static Stored? Best(List<Stored> model, AnswerScope scope, int row)
    {
        var all = model.Where(s => s.Question == scope.Question && s.Row == row && scope.Routes.Contains(s.Route)).ToList();
        var counting = all.Skip(Math.Max(0, all.FindLastIndex(s => s.Supersedes == Supersedes.EveryRoute && s.Kind != OutcomeKind.Failed))).Reverse();
        return counting.OrderBy(s => s.Kind == OutcomeKind.Failed ? int.MaxValue : scope.Routes.ToList().IndexOf(s.Route)).FirstOrDefault();
    }
}
