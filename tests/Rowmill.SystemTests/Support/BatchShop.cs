using System.Security.Cryptography;
using System.Text.Json;
using Rowmill.KillKit;
using Rowmill.Simulator;

namespace Rowmill.SystemTests.Support;

/// <summary>A workshop whose songs go through the batches of one provider. Time at the provider passes only as the test lets it.</summary>
internal sealed class BatchShop : IAsyncDisposable
{
    /// <summary>How long a batch takes at the provider.</summary>
    public static readonly TimeSpan Takes = TimeSpan.FromMinutes(20);

    private const string Key = "sk-batch-0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    private const int PackRows = 5;

    private BatchShop(Workshop shop, SimulatorServer server) => (Shop, Server) = (shop, server);

    public Workshop Shop { get; }

    public SimulatorServer Server { get; }

    public static async Task<BatchShop> OpenAsync(
        BatchProvider provider, int rows, SimulatorBatchOptions? batches = null, string keys = "", string limits = "", string right = Key)
    {
        var shop = new Workshop();
        shop.WriteSongs(rows);
        shop.Variables[provider.KeyVariable] = Key;
        var server = await shop.SimulateAsync(new SimulatorOptions
        {
            Dialect = provider.Dialect,
            ApiKey = right,
            Batches = (batches ?? new SimulatorBatchOptions()) with { Takes = Takes },
        });
        var job = new JobText { Pack = PackRows, Limits = limits.Length > 0 ? limits : "concurrency: 4" }.For(server)
            .Replace("simulator/demo", provider.Model, StringComparison.Ordinal);
        shop.Write("songs.yaml", $"{job}batch: {{ poll: 1s{(keys.Length > 0 ? ", " : "")}{keys} }}\n");
        return new BatchShop(shop, server);
    }

    /// <summary>A step, which ends by itself.</summary>
    public async Task<ProgramResult> StepAsync(string step, params IReadOnlyList<string> more) => await Shop.RunAsync(["batch", step, "songs.yaml", "--json", .. more]);

    /// <summary>Runs it while time passes at the provider.</summary>
    public Task<ProgramResult> RunAsync(params IReadOnlyList<string> more) => EndAsync(Shop.Start(["batch", "run", "songs.yaml", "--json", .. more]));

    /// <summary>The same with a death in it.</summary>
    public async Task<ProgramResult> RunAsync(KillMoment moment, string journal)
    {
        var result = await EndAsync(Shop.StartKit(moment, journal, "batch", "run", "songs.yaml", "--json"));
        File.Delete(Shop.PathOf(journal));
        return result;
    }

    /// <summary>Time passes at the provider until all its batches are over.</summary>
    public void PassTime()
    {
        while (IsAtWork) Server.Advance(Takes / 2);
    }

    /// <summary>The sum of a file, as sha256sum writes it.</summary>
    public static string Sum(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    /// <summary>What is wrong in the provider's ledger and in the output; empty when every row was asked once, paid once and answered.</summary>
    public IReadOnlyList<string> Problems(int rows)
    {
        var problems = new List<string>();
        var stats = Server.Stats;
        // A batch that found no room in the queue never was.
        var made = stats.Batches.Where(b => b.State != "failed").ToList();
        foreach (var twice in Twice(made.Select(b => b.Name).OfType<string>()).Concat(Twice(made.Select(b => b.FirstLine))).Concat(Twice(made.Select(b => b.InputSha256))))
            problems.Add($"submitted twice: {twice}");
        if (stats.BatchLinesBilledTwice != 0 || stats.BatchRowsBilledTwice != 0)
            problems.Add($"{stats.BatchLinesBilledTwice} lines and {stats.BatchRowsBilledTwice} rows were billed twice");
        if (made.Sum(b => b.RowsBilled) != rows) problems.Add($"{made.Sum(b => b.RowsBilled)} rows were billed in batches instead of {rows}");
        if (stats.BatchLinesBilled != made.Sum(b => b.Billed)) problems.Add("lines were billed out of batches");
        if (made.Any(b => b.State != "completed")) problems.Add("a batch is not completed");
        var table = CsvTable.Parse(Shop.Read("out.csv"));
        var status = table[0].ToList().IndexOf("ai_status");
        if (table.Count != rows + 1) problems.Add($"{table.Count - 1} rows in the output instead of {rows}");
        for (var i = 1; i < table.Count; i++)
            if (table[i][0] != Workshop.Title(i) || table[i][status] != "answered") problems.Add($"row {i}: {string.Join(" | ", table[i])}");
        return [.. problems.Take(20)];
    }

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    private bool IsAtWork => Server.Stats.Batches.Any(b => b.State is "validating" or "in_progress" or "finalizing" or "cancelling");

    private static IEnumerable<string> Twice(IEnumerable<string> all) => all.GroupBy(a => a, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key);

    private async Task<ProgramResult> EndAsync(ProgramRun run)
    {
        var end = run.EndAsync();
        while (await Task.WhenAny(end, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, TestContext.Current.CancellationToken)) != end)
            if (IsAtWork) Server.Advance(Takes / 2);
        return await end;
    }
}

/// <summary>What the program tells of batches.</summary>
internal static class BatchDocuments
{
    public static IReadOnlyList<JsonElement> Batches(this JsonElement document) => [.. document.GetProperty("batches").EnumerateArray()];

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
