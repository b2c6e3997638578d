using System.Collections.Immutable;
using Rowmill.Core;

namespace Rowmill.Simulator;

/// <summary>What the pretend provider is like. Immutable; <see cref="Validate"/> returns every problem.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The port on the loopback interface; 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>Whose manners it has.</summary>
    public SimulatorDialect Dialect { get; init; } = SimulatorDialect.OpenAI;

    /// <summary>The seed of everything that looks like chance: answers, faults, jitter.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How long a reply takes at least, on the injected clock.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Up to so much is added to <see cref="Latency"/>, evenly spread.</summary>
    public TimeSpan LatencyJitter { get; init; }

    /// <summary>Requests per minute, of each key and model; null for no limit.</summary>
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tokens per minute, of each key and model; null for no limit.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Prompt tokens per minute, of each key and model; null for no limit.</summary>
    public long? InputTokensPerMinute { get; init; }

    /// <summary>Reply tokens per minute, of each key and model; null for no limit. The output limit is reserved.</summary>
    public long? OutputTokensPerMinute { get; init; }

    /// <summary>Requests per day, of each key and model; null for no limit.</summary>
    public long? RequestsPerDay { get; init; }

    /// <summary>Tokens per day, of each key and model; null for no limit.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>
    /// How many requests the minute's bucket holds when full; null for <see cref="RequestsPerMinute"/> itself. The minute's buckets of
    /// tokens shrink in proportion. A sixtieth is a provider that enforces its limits by the second.
    /// </summary>
    public long? Burst { get; init; }

    /// <summary>False for a provider that tells nothing of its limits in headers.</summary>
    public bool LimitHeaders { get; init; } = true;

    /// <summary>Which headers of a refusal tell how long to wait.</summary>
    public RetryHint RetryHint { get; init; } = RetryHint.Both;

    /// <summary>How many requests are worked on at once, as a local server does; the others queue. Null for all.</summary>
    public int? Parallel { get; init; }

    /// <summary>How many requests may be worked on or queue; the next one gets 503. Null for any number.</summary>
    public int? MaxParallel { get; init; }

    /// <summary>What a request reserves of the token limits.</summary>
    public TokenReservation Reservation { get; init; } = TokenReservation.PromptPlusOutput;

    /// <summary>The only key accepted; null when any or none will do.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The models there are; null when any name will do.</summary>
    public IReadOnlyList<string>? KnownModels { get; init; }

    /// <summary>How often each fault happens, 0…1; at most one fault hits a request, so they sum to 1 at most.</summary>
    public ImmutableSortedDictionary<SimulatorFault, double> Faults { get; init; } =
        ImmutableSortedDictionary<SimulatorFault, double>.Empty;

    /// <summary>The faults of the first accepted requests, in order of arrival; afterwards <see cref="Faults"/> rule.</summary>
    public IReadOnlyList<SimulatorFault> Script { get; init; } = [];

    /// <summary>A pack that holds a row with this text gets a garbage reply, every time; null for none.</summary>
    public string? PoisonText { get; init; }

    /// <summary>
    /// How often a row gets another answer, one that the schema allows too, because it is asked together with others: more than
    /// <see cref="DriftRows"/>, itself counted. The same request drifts the same way every time.
    /// </summary>
    public double DriftRate { get; init; }

    /// <summary>Up to so many rows a request holds without drift.</summary>
    public int DriftRows { get; init; } = 1;

    /// <summary>How often a row gets another answer by mere chance, in the same request as in any other.</summary>
    public double NoiseRate { get; init; }

    /// <summary>Rows with this text are abstained from where the schema allows it; null for none.</summary>
    public string? AbstainText { get; init; }

    /// <summary>How many requests the account's money lasts for; later ones get <c>insufficient_quota</c>. Null: for ever.</summary>
    public long? MaxRequests { get; init; }

    /// <summary>The largest prompt in tokens; null for no limit. Ollama cuts a longer one silently, the others refuse it.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>
    /// How many tokens the model thinks before it says anything, unless a request forbids it. They count as output, and against the
    /// output limit. 0 for a model that does not think.
    /// </summary>
    public int ThoughtTokens { get; init; }

    /// <summary>A local server's memory in tokens of context: a request for more gets its error; null for enough of it.</summary>
    public int? MemoryTokens { get; init; }

    /// <summary>How large a local server says its models are: eight billion parameters at four bits unless told otherwise.</summary>
    public long ModelBytes { get; init; } = 4_900_000_000;

    /// <summary>True for an older version of a local server, with its words and without what it did not know yet.</summary>
    public bool OldServer { get; init; }

    /// <summary>The forms of JSON that its models refuse, each in its provider's own words.</summary>
    public ImmutableSortedSet<SimulatorForm> RefusedForms { get; init; } = [];

    /// <summary>True to count a repeated system message as cached tokens; off by default, so that usage does not depend on order.</summary>
    public bool PromptCache { get; init; }

    /// <summary>What its batches are like, where its dialect has batches: <c>openai, groq, gemini, anthropic</c>.</summary>
    public SimulatorBatchOptions Batches { get; init; } = new();

    /// <summary>How many of the newest ledger entries are kept; null for all, 0 for counts only.</summary>
    public int? LedgerCapacity { get; init; }

    /// <summary>The names <see cref="With(string, double)"/> knows.</summary>
    public static IReadOnlyList<string> FaultNames => Simulator.FaultNames.All;

    /// <summary>The names <see cref="WithDialect"/> knows.</summary>
    public static IReadOnlyList<string> DialectNames { get; } =
    [
        "openai", "groq", "ollama-v1", "gemini", "anthropic", "ollama", "vllm", "llamacpp", "azure", "gemini-openai",
    ];

    /// <summary>The names <see cref="WithRefusedForm"/> knows.</summary>
    public static IReadOnlyList<string> FormNames { get; } = ["strict_schema", "schema", "json_object"];

    /// <summary>The names <see cref="WithRetryHint"/> knows.</summary>
    public static IReadOnlyList<string> RetryHintNames { get; } = ["both", "seconds", "none"];

    /// <summary>The same with another rate for one fault; 0 takes it away.</summary>
    public SimulatorOptions With(SimulatorFault fault, double rate) =>
        this with { Faults = rate == 0 ? Faults.Remove(fault) : Faults.SetItem(fault, rate) };

    /// <summary>The same with another rate for the fault of this name.</summary>
    /// <exception cref="ProblemException">There is no such fault.</exception>
    public SimulatorOptions With(string fault, double rate) =>
        Simulator.FaultNames.TryParse(fault, out var known)
            ? With(known, rate)
            : throw new ProblemException(new Problem($"There is no fault '{fault}'.")
            {
                Key = "fault",
                Fix = $"Known are: {string.Join(", ", FaultNames)}.",
            });

    /// <summary>The same with the dialect of this name.</summary>
    /// <exception cref="ProblemException">There is no such dialect.</exception>
    public SimulatorOptions WithDialect(string name) => this with { Dialect = (SimulatorDialect)Named("dialect", name, DialectNames) };

    /// <summary>The same with one more form refused.</summary>
    /// <exception cref="ProblemException">There is no such form.</exception>
    public SimulatorOptions WithRefusedForm(string name) =>
        this with { RefusedForms = RefusedForms.Add((SimulatorForm)Named("refuse_form", name, FormNames)) };

    /// <summary>The same with the retry hint of this name.</summary>
    /// <exception cref="ProblemException">There is no such retry hint.</exception>
    public SimulatorOptions WithRetryHint(string name) => this with { RetryHint = (RetryHint)Named("retry_hint", name, RetryHintNames) };

    /// <summary>Everything that is wrong with these options; empty when nothing is.</summary>
    public IReadOnlyList<Problem> Validate() => [.. Problems()];

    /// <summary>One line without the key.</summary>
    public override string ToString() => $"{DialectNames[(int)Dialect]} simulator, port {Port}, seed {Seed}";

    private IEnumerable<Problem> Problems()
    {
        if (Port is < 0 or > 65535) yield return Wrong("port", $"{Port} is not a port; it must be 0 to 65535.");
        if (!Enum.IsDefined(Dialect)) yield return Wrong("dialect", $"{(int)Dialect} is not a dialect.");
        if (Latency < TimeSpan.Zero) yield return Wrong("latency", $"{Latency} is negative.");
        if (LatencyJitter < TimeSpan.Zero) yield return Wrong("latency_jitter", $"{LatencyJitter} is negative.");

        (string Key, long? Value)[] counts =
        [
            ("requests_per_minute", RequestsPerMinute), ("tokens_per_minute", TokensPerMinute),
            ("input_tokens_per_minute", InputTokensPerMinute), ("output_tokens_per_minute", OutputTokensPerMinute),
            ("requests_per_day", RequestsPerDay), ("tokens_per_day", TokensPerDay), ("burst", Burst),
            ("max_requests", MaxRequests), ("drift_rows", DriftRows), ("context_tokens", ContextTokens), ("parallel", Parallel), ("max_parallel", MaxParallel),
            ("memory_tokens", MemoryTokens), ("model_bytes", ModelBytes),
        ];
        foreach (var (key, value) in counts)
        {
            if (value < 1) yield return Wrong(key, $"{value} is too small; it must be at least 1.");
        }

        if (Burst is not null && RequestsPerMinute is null) yield return Wrong("burst", "It needs requests_per_minute.");
        if (Burst > RequestsPerMinute) yield return Wrong("burst", $"{Burst} is more than requests_per_minute ({RequestsPerMinute}).");
        if (MaxParallel < Parallel) yield return Wrong("max_parallel", $"{MaxParallel} is less than parallel ({Parallel}).");
        if (!Enum.IsDefined(RetryHint)) yield return Wrong("retry_hint", $"{(int)RetryHint} is not a retry hint.");
        if (Dialect is SimulatorDialect.OllamaV1 or SimulatorDialect.Ollama or SimulatorDialect.Vllm or SimulatorDialect.LlamaCpp
            && counts[..6].Any(c => c.Value is not null))
        {
            yield return Wrong("dialect", "A local server has no limits by minute or day; use openai or groq for them.");
        }

        if (RefusedForms.Any(f => !Enum.IsDefined(f))) yield return Wrong("refuse_form", "It holds an unknown form.");
        if (ApiKey is not null && string.IsNullOrWhiteSpace(ApiKey)) yield return Wrong("api_key", "It is blank.");
        if (KnownModels is not null && (KnownModels.Count == 0 || KnownModels.Any(string.IsNullOrWhiteSpace)))
        {
            yield return Wrong("known_models", "It must name at least one model, none of them blank.");
        }

        foreach (var (fault, rate) in Faults)
        {
            if (fault == SimulatorFault.None || !Enum.IsDefined(fault)) yield return Wrong("fault", $"{fault} has no rate.");
            else if (rate is not (>= 0 and <= 1)) yield return Wrong($"fault.{Simulator.FaultNames.Of(fault)}", $"{rate} is not between 0 and 1.");
        }

        if (Faults.Values.Sum() > 1 + 1e-9) yield return Wrong("fault", $"The rates sum to {Faults.Values.Sum()}; at most 1 is possible.");
        if (Script.Any(f => !Enum.IsDefined(f))) yield return Wrong("script", "It holds an unknown fault.");
        if (DriftRate is not (>= 0 and <= 1)) yield return Wrong("drift", $"{DriftRate} is not between 0 and 1.");
        if (NoiseRate is not (>= 0 and <= 1)) yield return Wrong("noise", $"{NoiseRate} is not between 0 and 1.");
        if (PoisonText?.Length == 0) yield return Wrong("poison_text", "It is empty and would match every row.");
        if (AbstainText?.Length == 0) yield return Wrong("abstain_text", "It is empty and would match every row.");
        if (ThoughtTokens < 0) yield return Wrong("thought_tokens", $"{ThoughtTokens} is negative.");
        foreach (var problem in Batches.Problems()) yield return problem;
        if (LedgerCapacity < 0) yield return Wrong("ledger_capacity", $"{LedgerCapacity} is negative.");
    }

    /// <summary>The place of a name in a list that is in the order of an enum.</summary>
    private static int Named(string key, string name, IReadOnlyList<string> names)
    {
        for (var i = 0; i < names.Count; i++)
            if (string.Equals(names[i], name, StringComparison.OrdinalIgnoreCase)) return i;
        throw new ProblemException(new Problem($"There is no {key.Replace('_', ' ')} '{name}'.")
        {
            Key = key,
            Fix = $"Known are: {string.Join(", ", names)}.",
        });
    }

    private static Problem Wrong(string key, string message) => new(message) { Key = key };
}
