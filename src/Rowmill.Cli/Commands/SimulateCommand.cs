using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Cli.Console;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Runs;
using Rowmill.Simulator;

namespace Rowmill.Cli.Commands;

/// <summary><c>rowmill simulate</c>: the pretend provider, with the limits and faults you give it.</summary>
internal static class SimulateCommand
{
    /// <summary>Where a job's <c>simulator</c> route looks for it.</summary>
    public const int DefaultPort = 8484;

    public static Command Create(CliHost host)
    {
        var command = new Command("simulate", "Start the pretend provider, with the limits and faults you give it. Its labels are made up.");
        var port = new Option<int>("--port") { Description = "The port on the loopback interface; 0 for any free one.", HelpName = "N", DefaultValueFactory = _ => DefaultPort };
        var dialect = new Option<string>("--dialect") { Description = $"Whose manners it has: {string.Join(", ", SimulatorOptions.DialectNames)}.", HelpName = "NAME", DefaultValueFactory = _ => "openai" };
        var latency = new Option<string?>("--latency") { Description = "How long a reply takes, such as 200ms or 2s.", HelpName = "TIME" };
        var jitter = new Option<string?>("--jitter") { Description = "Up to so much is added to the latency.", HelpName = "TIME" };
        var rpm = new Option<long?>("--rpm") { Description = "Requests per minute.", HelpName = "N" };
        var tpm = new Option<long?>("--tpm") { Description = "Tokens per minute.", HelpName = "N" };
        var itpm = new Option<long?>("--itpm") { Description = "Prompt tokens per minute.", HelpName = "N" };
        var otpm = new Option<long?>("--otpm") { Description = "Reply tokens per minute.", HelpName = "N" };
        var rpd = new Option<long?>("--rpd") { Description = "Requests per day.", HelpName = "N" };
        var tpd = new Option<long?>("--tpd") { Description = "Tokens per day.", HelpName = "N" };
        var burst = new Option<long?>("--burst") { Description = "Requests the minute's bucket holds when full; the buckets of tokens shrink in proportion.", HelpName = "N" };
        var silent = new Option<bool>("--no-limit-headers") { Description = "Tell nothing of the limits in headers." };
        var hint = new Option<string>("--retry-hint") { Description = $"Which headers of a refusal tell how long to wait: {string.Join(", ", SimulatorOptions.RetryHintNames)}.", HelpName = "NAME", DefaultValueFactory = _ => "both" };
        var parallel = new Option<int?>("--parallel") { Description = "Requests worked on at once; the others queue.", HelpName = "N" };
        var maxParallel = new Option<int?>("--max-parallel") { Description = "Requests worked on or queued at once; the next one gets 503.", HelpName = "N" };
        var fault = new Option<string[]>("--fault")
        {
            Description = $"A fault and how often, such as truncate=0.1; may be given several times. Known: {string.Join(", ", SimulatorOptions.FaultNames)}.",
            HelpName = "NAME=RATE",
            AllowMultipleArgumentsPerToken = true,
        };
        var forms = new Option<string?>("--refuse-form") { Description = $"Forms of JSON that its models refuse, with commas between them: {string.Join(", ", SimulatorOptions.FormNames)}.", HelpName = "NAMES" };
        var poison = new Option<string?>("--poison") { Description = "A pack that holds a row with this text always gets a garbage reply.", HelpName = "TEXT" };
        var drift = new Option<string?>("--drift") { Description = "How often a row gets another valid answer because more than ROWS (1) are in its request, such as 0.1 or 0.1:20.", HelpName = "RATE[:ROWS]" };
        var noise = new Option<string?>("--noise") { Description = "How often a row gets another valid answer by chance, in the same request too.", HelpName = "RATE" };
        var abstain = new Option<string?>("--abstain") { Description = "Rows with this text are abstained from.", HelpName = "TEXT" };
        var key = new Option<string?>("--key-env") { Description = "Accept only the key in this environment variable.", HelpName = "NAME" };
        var models = new Option<string[]>("--models") { Description = "The models there are; any by default.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var context = new Option<int?>("--context") { Description = "The largest prompt in tokens.", HelpName = "N" };
        var thoughts = new Option<int>("--thoughts") { Description = "Tokens the model thinks before it says anything.", HelpName = "N" };
        var memory = new Option<int?>("--memory") { Description = "A local server's memory in tokens of context; a request for more fails.", HelpName = "N" };
        var old = new Option<bool>("--old-server") { Description = "Behave as an older version of a local server." };
        var cache = new Option<bool>("--prompt-cache") { Description = "Tell repeated prompts as cached tokens." };
        var seed = new Option<long>("--seed") { Description = "The seed of everything that looks like chance.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var batches = new SimulatedBatches();
        var json = JobArguments.JsonOption();
        foreach (var option in (Option[])[port, dialect, latency, jitter, rpm, tpm, itpm, otpm, rpd, tpd, burst, silent, hint, parallel, maxParallel, fault, forms, poison, drift, noise, abstain, key, models, context, thoughts, memory, old, cache, seed, .. batches.All, json])
            command.Options.Add(option);
        command.SetAction((parsed, _) =>
        {
            var options = new SimulatorOptions
            {
                Port = parsed.GetValue(port),
                Latency = Time("--latency", parsed.GetValue(latency)),
                LatencyJitter = Time("--jitter", parsed.GetValue(jitter)),
                RequestsPerMinute = parsed.GetValue(rpm),
                TokensPerMinute = parsed.GetValue(tpm),
                InputTokensPerMinute = parsed.GetValue(itpm),
                OutputTokensPerMinute = parsed.GetValue(otpm),
                RequestsPerDay = parsed.GetValue(rpd),
                TokensPerDay = parsed.GetValue(tpd),
                Burst = parsed.GetValue(burst),
                LimitHeaders = !parsed.GetValue(silent),
                Parallel = parsed.GetValue(parallel),
                MaxParallel = parsed.GetValue(maxParallel),
                PoisonText = parsed.GetValue(poison),
                AbstainText = parsed.GetValue(abstain),
                ApiKey = Key(host, parsed.GetValue(key)),
                KnownModels = parsed.GetValue(models) is { Length: > 0 } known ? known : null,
                ContextTokens = parsed.GetValue(context),
                ThoughtTokens = parsed.GetValue(thoughts),
                MemoryTokens = parsed.GetValue(memory),
                OldServer = parsed.GetValue(old),
                PromptCache = parsed.GetValue(cache),
                Seed = parsed.GetValue(seed),
                Batches = batches.Read(parsed),
                LedgerCapacity = 0,
            };
            options = WithDrift(options, parsed.GetValue(drift)) with { NoiseRate = parsed.GetValue(noise) is { } often ? Rate("--noise", often) : 0 };
            options = (parsed.GetValue(fault) ?? []).Aggregate(options.WithDialect(parsed.GetValue(dialect)!).WithRetryHint(parsed.GetValue(hint)!), WithFault);
            options = (parsed.GetValue(forms) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Aggregate(options, (o, name) => o.WithRefusedForm(name));
            return RunAsync(host, new CommandOutput(host, parsed.GetValue(json)), options);
        });
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, CommandOutput words, SimulatorOptions options)
    {
        var problems = options.Validate();
        if (problems.Count > 0) throw new ProblemException(problems);
        await using var server = await SimulatorServer.StartAsync(options, host.Clock);
        var address = server.BaseAddress.ToString().TrimEnd('/');
        if (words.IsJson) words.Line(new JsonObject { ["base_url"] = address, ["simulated"] = true });
        else words.People.WriteLine($"Simulating a provider at {address} (its labels are made up). Ctrl-C ends it.");
        await words.People.FlushAsync();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (host.Stop.Register(ended.SetResult)) await ended.Task;
        return (int)ExitCode.Done;
    }

    private static SimulatorOptions WithFault(SimulatorOptions options, string text)
    {
        var parts = text.Split('=', 2);
        return parts.Length == 2 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)
            ? options.With(parts[0], rate)
            : throw new ProblemException(new Problem($"'{text}' is not a fault and its rate.") { Key = "--fault", Fix = "Write it like truncate=0.1." });
    }

    private static SimulatorOptions WithDrift(SimulatorOptions options, string? text)
    {
        if (text is null) return options;
        var parts = text.Split(':', 2);
        var drifting = options with { DriftRate = Rate("--drift", parts[0]) };
        if (parts.Length == 1) return drifting;
        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rows)
            ? drifting with { DriftRows = rows }
            : throw new ProblemException(new Problem($"'{parts[1]}' is not a number of rows.") { Key = "--drift", Fix = "Write it like 0.1:20." });
    }

    private static double Rate(string option, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)
            ? rate
            : throw new ProblemException(new Problem($"'{text}' is not a rate.") { Key = option, Fix = "Write it like 0.1." });

    private static TimeSpan Time(string option, string? text) =>
        text is null ? TimeSpan.Zero
        : Duration.TryParse(text, out var time) ? time
        : throw new ProblemException(new Problem($"'{text}' is not a time.") { Key = option, Fix = "Write it like 200ms or 2s." });

    private static string? Key(CliHost host, string? variable) =>
        variable is null ? null
        : host.Variable(variable) ?? throw new ProblemException(new Problem($"the environment variable {variable} is not set.") { Key = "--key-env" });
}
