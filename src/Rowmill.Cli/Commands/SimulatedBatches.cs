using System.CommandLine;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Simulator;

namespace Rowmill.Cli.Commands;

/// <summary>The options of <c>rowmill simulate</c> about batches.</summary>
internal sealed class SimulatedBatches
{
    private readonly Option<string?> _takes = new("--batch-seconds") { Description = "How long a batch takes, in seconds or such as 5m (2s).", HelpName = "TIME" };
    private readonly Option<string?> _expires = new("--expire-after") { Description = "When a batch is given up, in seconds or such as 1h, instead of the provider's own time.", HelpName = "TIME" };
    private readonly Option<long?> _enqueued = new("--enqueued-tokens") { Description = "Prompt tokens of all batches under way, of each key and model.", HelpName = "N" };
    private readonly Option<bool> _refuses = new("--refuse-enqueued") { Description = "Refuse a batch beyond --enqueued-tokens with a 429 at once, where OpenAI and Groq would let it fail." };
    private readonly Option<int?> _lines = new("--batch-max-lines") { Description = "Requests in one batch, instead of the provider's own limit.", HelpName = "N" };
    private readonly Option<long?> _bytes = new("--batch-max-bytes") { Description = "Bytes of one batch's file, instead of the provider's own limit.", HelpName = "N" };
    private readonly Option<string[]> _faults = new("--batch-fault")
    {
        Description = "What goes wrong with batches: a name, =VALUE for a share or seconds, :N for the N-th time only; may be given several times. "
            + $"Known: {string.Join(", ", SimulatorBatchOptions.FaultNames)}.",
        HelpName = "NAME[=VALUE][:N]",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_takes, _expires, _enqueued, _refuses, _lines, _bytes, _faults];

    /// <summary>What they say.</summary>
    /// <exception cref="ProblemException">One of them cannot be read.</exception>
    public SimulatorBatchOptions Read(ParseResult parsed)
    {
        var options = new SimulatorBatchOptions
        {
            ExpireAfter = Time(parsed, _expires),
            EnqueuedTokens = parsed.GetValue(_enqueued),
            RefusesEnqueued = parsed.GetValue(_refuses),
            MaxLines = parsed.GetValue(_lines),
            MaxBytes = parsed.GetValue(_bytes),
        };
        if (Time(parsed, _takes) is { } takes) options = options with { Takes = takes };
        return (parsed.GetValue(_faults) ?? []).Aggregate(options, (o, fault) => o.With(fault));
    }

    private static TimeSpan? Time(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is not { } text ? null
        : Duration.TryParse(text, out var time) ? time
        : throw new ProblemException(new Problem($"'{text}' is not a time.") { Key = option.Name, Fix = "Write it like 90, 90s or 2h." });
}
