using System.Text;
using Rowmill.Simulator;
using Rowmill.Tests.House;

namespace Rowmill.Tests.Providers.Matrix;

/// <summary>Provider × fault → outcome, as far as tests have filled it; written to <c>artifacts/matrix.md</c> when they are through.</summary>
public sealed class MatrixTable : IDisposable
{
    private readonly Dictionary<(string Service, SimulatorFault Fault), (string Some, string All)> _cells = [];

    /// <summary>The head of every table of one provider.</summary>
    internal const string Head = "| fault | in 30 % of the replies | in every reply |\n|---|---|---|";

    /// <summary>Sets the outcome of a fault in some and in all of a service's replies.</summary>
    internal string Set(MatrixService service, SimulatorFault fault, MatrixCell some, MatrixCell all)
    {
        lock (_cells) _cells[(service.Name, fault)] = ($"{some}", $"{all}");
        return $"| {Name(fault)} | {some} | {all} |";
    }

    /// <summary>Writes the file when every cell is there.</summary>
    public void Dispose()
    {
        lock (_cells)
        {
            if (_cells.Count < MatrixService.All.Count * Enum.GetValues<SimulatorFault>().Length) return;
            var text = new StringBuilder("# Provider × fault → outcome\n\nThe songs job, 24 rows, 6 a request, one request at a time; rows answered with anything but their own answer: 0 in every cell.\n");
            Add("A fault in 30 % of the replies", cell => cell.Some);
            Add("A fault in every reply", cell => cell.All);
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts")).FullName, "matrix.md"), text.ToString());

            void Add(string title, Func<(string Some, string All), string> which)
            {
                text.Append($"\n## {title}\n\n| fault | {string.Join(" | ", MatrixService.All)} |\n|---|{string.Concat(MatrixService.All.Select(_ => "---|"))}\n");
                foreach (var fault in Enum.GetValues<SimulatorFault>())
                    text.Append($"| {Name(fault)} | {string.Join(" | ", MatrixService.All.Select(s => which(_cells[(s.Name, fault)])))} |\n");
            }
        }
    }

    private static string Name(SimulatorFault fault) => fault == SimulatorFault.None ? "none" : SimulatorOptions.FaultNames[(int)fault - 1];
}
