using System.Text.Json.Nodes;
using Rowmill.Core.Stores;
using static Rowmill.Tests.Stores.Packs;

namespace Rowmill.Tests.Stores;

public abstract class RunLogContract
{
    protected abstract Task<StoreSubject> OpenAsync();

    [Fact]
    public async Task The_last_run_of_a_job_is_the_one_that_began_last()
    {
        await using var store = await OpenAsync();
        var later = new RunRecord("run-2", "songs", "id-2", Noon.AddHours(1), null, null);
        await store.Runs.SaveAsync(later);
        await store.Runs.SaveAsync(new RunRecord("run-1", "songs", "id-1", Noon, null, null));
        await store.Runs.SaveAsync(new RunRecord("run-9", "other", "id-9", Noon.AddHours(9), null, null));

        Assert.Equal(later, await store.Runs.LastAsync("songs"));
        Assert.Null(await store.Runs.LastAsync("never"));
    }

    [Fact]
    public async Task A_run_saved_again_is_changed_not_added()
    {
        await using var store = await OpenAsync();
        var run = new RunRecord("run-1", "songs", "id-1", Noon, null, null);
        await store.Runs.SaveAsync(run);
        await store.Runs.SaveAsync(run with { EndedAt = Noon.AddMinutes(3), Summary = new JsonObject { ["state"] = "completed", ["song"] = "Für Elise" } });

        var last = await store.Runs.LastAsync("songs");

        Assert.Equal(Noon.AddMinutes(3), last?.EndedAt);
        Assert.Equal("""{"state":"completed","song":"Für Elise"}""", last?.Summary?.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }
}

public sealed class MemoryRunLogTests : RunLogContract
{
    protected override Task<StoreSubject> OpenAsync() => Task.FromResult(StoreSubject.Memory());
}

public sealed class SqliteRunLogTests : RunLogContract
{
    protected override Task<StoreSubject> OpenAsync() => StoreSubject.SqliteAsync();
}
