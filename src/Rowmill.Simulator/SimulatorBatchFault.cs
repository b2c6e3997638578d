using System.Globalization;
using Rowmill.Core;

namespace Rowmill.Simulator;

/// <summary>What can go wrong with a batch, its files or a request about it.</summary>
public enum SimulatorBatchFault
{
    /// <summary>The batch is made, and the connection is reset before the reply.</summary>
    LostCreate,

    /// <summary>The file is stored, and the connection is reset before the reply.</summary>
    LostUpload,

    /// <summary>The connection is reset in the middle of an upload. A resumable one keeps what had come.</summary>
    BrokenUpload,

    /// <summary>The address that Gemini gives an upload names the same server by another name, <c>localhost</c>.</summary>
    OtherHost,

    /// <summary>A created batch appears in lists only later; its value is how many seconds later.</summary>
    ListLag,

    /// <summary>A batch fails as a whole, and nothing of it is answered.</summary>
    Failed,

    /// <summary>A batch stops, its value being the share answered, and expires when its time is up.</summary>
    Expired,

    /// <summary>A batch does nothing, and expires without any result file.</summary>
    ExpiredEmpty,

    /// <summary>Somebody else cancels a batch, its value being the share answered by then.</summary>
    Cancelled,

    /// <summary>A batch stops, its value being the share answered, and neither ends nor expires; it can be cancelled.</summary>
    Stuck,

    /// <summary>A batch completes, and names no file of what it answered.</summary>
    NoOutput,

    /// <summary>Lines are missing from the results though they were answered; its value is their share.</summary>
    MissingLines,

    /// <summary>Lines stand twice in the results; its value is their share.</summary>
    DuplicateLines,

    /// <summary>Lines carry an id that nobody sent, in the place of their own; its value is their share.</summary>
    ForeignLines,

    /// <summary>Lines are refused with 400, not charged; its value is their share.</summary>
    Error400,

    /// <summary>Lines end in a 500, not charged; its value is their share.</summary>
    Error500,

    /// <summary>The connection is reset in the middle of a download.</summary>
    BrokenDownload,

    /// <summary>A batch tells no counts.</summary>
    NoCounters,

    /// <summary>Gemini's states are told as <c>JOB_STATE_…</c>; nothing elsewhere.</summary>
    JobState,

    /// <summary>While a batch is under way its state is a word that no page knows.</summary>
    UnknownState,

    /// <summary>A batch is refused because too many tokens wait, whatever the limit.</summary>
    Enqueued,

    /// <summary>429 for a look at a batch.</summary>
    Poll429,

    /// <summary>500 for a look at a batch.</summary>
    Poll500,
}

/// <summary>One fault of batches, and when it happens.</summary>
/// <param name="Fault">What goes wrong.</param>
/// <param name="At">Only the so-manieth event it could hit, 1-based, counted from when the rule was given; null for every one.</param>
/// <param name="Value">A share 0…1, or seconds for <see cref="SimulatorBatchFault.ListLag"/>; null for the fault's own.</param>
public sealed record SimulatorBatchFaultRule(SimulatorBatchFault Fault, int? At = null, double? Value = null)
{
    /// <summary>The value that counts.</summary>
    public double Amount => Value ?? (Fault switch
    {
        SimulatorBatchFault.ListLag => 30,
        SimulatorBatchFault.Expired or SimulatorBatchFault.Cancelled or SimulatorBatchFault.Stuck => 0.5,
        _ => 0.1,
    });

    /// <summary>Reads <c>NAME[=VALUE][:N]</c>.</summary>
    /// <exception cref="ProblemException">There is no such fault, or its numbers are none.</exception>
    public static SimulatorBatchFaultRule Parse(string text)
    {
        var colon = text.Split(':', 2);
        var equals = colon[0].Split('=', 2);
        if (BatchFaultNames.Find(equals[0]) is not { } fault)
        {
            throw Wrong($"There is no batch fault '{equals[0]}'.", $"Known are: {string.Join(", ", BatchFaultNames.All)}.");
        }

        int? at = null;
        if (colon.Length == 2)
        {
            if (!int.TryParse(colon[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                throw Wrong($"'{colon[1]}' is not a number from 1 on.", "Write it like lost-create:2.");
            }

            at = number;
        }

        if (equals.Length == 1) return new SimulatorBatchFaultRule(fault, at);
        var most = fault == SimulatorBatchFault.ListLag ? double.MaxValue : 1;
        return double.TryParse(equals[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= most
            ? new SimulatorBatchFaultRule(fault, at, value)
            : throw Wrong($"'{equals[1]}' is no value of {equals[0]}.", "Write a share like missing-lines=0.1, or seconds like list-lag=30.");
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{BatchFaultNames.Of(Fault)}{(Value is { } value ? $"={value}" : "")}{(At is { } at ? $":{at}" : "")}");

    private static ProblemException Wrong(string message, string fix) => new(new Problem(message) { Key = "batch_fault", Fix = fix });
}

/// <summary>The names of the faults as a command line spells them: those of the enum, in lower case with hyphens.</summary>
internal static class BatchFaultNames
{
    /// <summary>Every name, in the order of the faults.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<SimulatorBatchFault>().Select(Of)];

    /// <summary>The fault of a name; hyphens, underscores and case do not matter. Null when there is none.</summary>
    public static SimulatorBatchFault? Find(string name)
    {
        var plain = Plain(name);
        foreach (var fault in Enum.GetValues<SimulatorBatchFault>())
            if (string.Equals(fault.ToString(), plain, StringComparison.OrdinalIgnoreCase)) return fault;
        return null;
    }

    /// <summary>The name of a fault.</summary>
    public static string Of(SimulatorBatchFault fault) => string.Concat(fault.ToString().Select((c, i) =>
        i > 0 && (char.IsAsciiLetterUpper(c) || c is '4' or '5') ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static string Plain(string name) =>
        name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
}
