using Rowmill.Providers;
using Rowmill.Simulator;
using Rowmill.Tests.Stores;

namespace Rowmill.Tests.Package;

/// <summary>A service whose models are all one simulator, and the folder it keeps things in.</summary>
internal sealed class PackageWorld : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private PackageWorld(SimulatorServer server)
    {
        Server = server;
        Rowmill = Open();
    }

    public SimulatorServer Server { get; }

    public RowmillService Rowmill { get; private set; }

    public string StorePath => _folder.File("store/rowmill.db");

    public static async Task<PackageWorld> StartAsync(SimulatorOptions? options = null) =>
        new(await SimulatorServer.StartAsync(options ?? new SimulatorOptions(), TimeProvider.System));

    public string File(string name) => _folder.File(name);

    /// <summary>Closes the store and opens it again, as a new process would.</summary>
    public async Task ReopenAsync()
    {
        await Rowmill.DisposeAsync();
        Rowmill = Open();
    }

    /// <summary>The files of rows that stand beside the store.</summary>
    public string[] Spools() => Directory.Exists(_folder.File("store")) ? Directory.GetFiles(_folder.File("store"), "rows-*") : [];

    /// <summary>Points options to this world: what a test runs of the guide is what a user writes, but for the address.</summary>
    public void Configure(RowmillOptions options)
    {
        options.StorePath = StorePath;
        options.LimitsPath = _folder.File("limits.db");
        options.ModelsPath = _folder.File("models.json");
        options.Variable = _ => "sk-a-secret-of-twenty-four";
        options.Client = route => ModelClients.Create(
            route with { BaseUrl = Server.BaseAddress.ToString() }, new ApiKeys(_ => "sk-a-secret-of-twenty-four"), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await Rowmill.DisposeAsync();
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    private RowmillService Open()
    {
        var options = new RowmillOptions();
        Configure(options);
        return new RowmillService(options);
    }
}
