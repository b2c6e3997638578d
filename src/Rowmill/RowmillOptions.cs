using System.Security.Cryptography;
using Rowmill.Core.Models;

namespace Rowmill;

/// <summary>Where a <see cref="RowmillService"/> keeps things, and what it takes from outside.</summary>
public sealed class RowmillOptions
{
    /// <summary>The SQLite file for jobs, answers, calls and events; a relative path starts from the current directory.</summary>
    public string StorePath { get; set; } = Path.Combine(".rowmill", "rowmill.db");

    /// <summary>The SQLite file for the limits' usage; null for the user's own, which all programs of the user share.</summary>
    public string? LimitsPath { get; set; }

    /// <summary>The file of prices, sizes and presets that go before the program's own; null for the user's, see <see cref="ModelTables.DefaultPath"/>.</summary>
    public string? ModelsPath { get; set; }

    /// <summary>Reads an environment variable: keys come from nowhere else. Null for the process's environment.</summary>
    public Func<string, string?>? Variable { get; set; }

    /// <summary>The clock; null for the one of the services, or the system's.</summary>
    public TimeProvider? Clock { get; set; }

    /// <summary>Replaces the client of a route, for tests of everything around it.</summary>
    internal Func<Route, IModelClient?>? Client { get; set; }

    internal EngineOptions Engine() => new()
    {
        StorePath = Path.GetFullPath(StorePath),
        LimitsPath = LimitsPath is null ? null : Path.GetFullPath(LimitsPath),
        Variable = Variable ?? Environment.GetEnvironmentVariable,
        Clock = Clock ?? TimeProvider.System,
        Chance = () => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue,
    };
}
