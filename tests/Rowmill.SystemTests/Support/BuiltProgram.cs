using Rowmill.SystemTests.Support;

[assembly: AssemblyFixture(typeof(BuiltProgram))]

namespace Rowmill.SystemTests.Support;

/// <summary>Starts the program once before all tests, so that none of them waits for its build.</summary>
public sealed class BuiltProgram : IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        using var run = ProgramRun.Start(ProgramRun.Repository, new Dictionary<string, string>(StringComparer.Ordinal), "--help");
        (await run.EndAsync()).Ended(0);
    }

    public ValueTask DisposeAsync() => default;
}
