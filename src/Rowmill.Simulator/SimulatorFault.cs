namespace Rowmill.Simulator;

/// <summary>What can go wrong with one accepted request.</summary>
public enum SimulatorFault
{
    /// <summary>Nothing: the request is answered as it should be.</summary>
    None,

    /// <summary>429 with the words of a requests-per-minute limit; nothing is charged.</summary>
    Http429,

    /// <summary>500, not charged.</summary>
    Http500,

    /// <summary>503, not charged.</summary>
    Http503,

    /// <summary>498, Groq's refusal for want of flex capacity; not charged.</summary>
    Http498,

    /// <summary>429 <c>insufficient_quota</c>: waiting does not help.</summary>
    Quota,

    /// <summary>The connection is reset without a reply.</summary>
    Drop,

    /// <summary>No reply until the client goes.</summary>
    Hang,

    /// <summary>400 <c>json_validate_failed</c> with the failed text in it; charged.</summary>
    BadGeneration,

    /// <summary><c>finish_reason</c> length and a text cut in the middle.</summary>
    Truncate,

    /// <summary>The JSON sits in a code fence, with prose around it.</summary>
    Fence,

    /// <summary>Some rows are missing.</summary>
    Incomplete,

    /// <summary>The rows come back in another order.</summary>
    Shuffle,

    /// <summary>One row holds a value that its schema does not allow, a label outside the enum where there is one.</summary>
    WrongLabel,

    /// <summary>One id comes twice, with different answers.</summary>
    DuplicateId,

    /// <summary>One row comes back under an id nobody asked for.</summary>
    ForeignId,

    /// <summary>The model refuses in words.</summary>
    Refuse,

    /// <summary>An empty text.</summary>
    Empty,

    /// <summary>Text that is nearly JSON.</summary>
    BadJson,

    /// <summary>429 as Google's OpenAI-compatible endpoint says that a day's requests are used up, with a delay of seconds that lies.</summary>
    GoogleDayLimit,

    /// <summary>429 as Google says that the account has no allowance for the model at all.</summary>
    GoogleNoAllowance,

    /// <summary>429 without numbers, its <c>retry-after</c> a date half a minute ahead.</summary>
    RetryAfterDate,

    /// <summary>429 without numbers, its <c>retry-after</c> neither number nor date.</summary>
    RetryAfterGarbage,

    /// <summary>429 without numbers, its <c>retry-after</c> a year.</summary>
    RetryAfterYear,

    /// <summary>The rows are an object keyed by id, under <c>rows</c> or in its place.</summary>
    Keyed,

    /// <summary>The list of answers without anything around it.</summary>
    BareArray,

    /// <summary>The ids are strings.</summary>
    StringIds,

    /// <summary>Labels in another case, with other separators between their words.</summary>
    LabelCase,

    /// <summary>Each answer holds a field nobody asked for.</summary>
    ExtraField,

    /// <summary>Numbers are strings.</summary>
    StringNumbers,

    /// <summary>A list of one is its only value, the list of answers too.</summary>
    SingleValue,

    /// <summary>One answer has no id.</summary>
    MissingId,

    /// <summary>A <c>&lt;think&gt;</c> block with other answers stands before the text.</summary>
    Draft,

    /// <summary>Prose with braces and brackets of its own stands around the JSON.</summary>
    Prose,

    /// <summary>One answer a line, nothing around them.</summary>
    Ndjson,

    /// <summary><c>finish_reason</c> content_filter and no content; charged.</summary>
    ContentFilter,

    /// <summary>A filter stopped the prompt: the provider's refusal, or a 200 without any reply. Charged, but for OpenAI's refusal.</summary>
    BlockedPrompt,

    /// <summary>Nothing but thoughts, and the model thinks that it has answered; charged.</summary>
    ThoughtOnly,

    /// <summary>The output limit went into thoughts: no text, and <c>finish_reason</c> length; charged.</summary>
    ThoughtCut,

    /// <summary>The user's own cap on spending is reached: waiting does not help. Anthropic says it in a 429 without <c>retry-after</c>.</summary>
    SpendCap,

    /// <summary>The key is refused, though it was right a moment ago.</summary>
    BadKey,

    /// <summary>403 of a gateway that takes the client for a robot: <c>error code: 1010</c> and no JSON.</summary>
    Cloudflare1010,

    /// <summary>A local model does not fit the memory, in the words of older versions; 500 elsewhere.</summary>
    MemoryOld,

    /// <summary>A local model does not fit the memory, in the words of newer versions; 500 elsewhere.</summary>
    MemoryNew,
}

/// <summary>The names of the faults as a command line spells them.</summary>
internal static class FaultNames
{
    private static readonly (string Name, SimulatorFault Fault)[] s_names =
    [
        ("http429", SimulatorFault.Http429),
        ("http500", SimulatorFault.Http500),
        ("http503", SimulatorFault.Http503),
        ("http498", SimulatorFault.Http498),
        ("quota", SimulatorFault.Quota),
        ("drop", SimulatorFault.Drop),
        ("hang", SimulatorFault.Hang),
        ("bad-generation", SimulatorFault.BadGeneration),
        ("truncate", SimulatorFault.Truncate),
        ("fence", SimulatorFault.Fence),
        ("incomplete", SimulatorFault.Incomplete),
        ("shuffle", SimulatorFault.Shuffle),
        ("wrong-label", SimulatorFault.WrongLabel),
        ("duplicate-id", SimulatorFault.DuplicateId),
        ("foreign-id", SimulatorFault.ForeignId),
        ("refuse", SimulatorFault.Refuse),
        ("empty", SimulatorFault.Empty),
        ("bad-json", SimulatorFault.BadJson),
        ("google-day-limit", SimulatorFault.GoogleDayLimit),
        ("google-no-allowance", SimulatorFault.GoogleNoAllowance),
        ("retry-after-date", SimulatorFault.RetryAfterDate),
        ("retry-after-garbage", SimulatorFault.RetryAfterGarbage),
        ("retry-after-year", SimulatorFault.RetryAfterYear),
        ("keyed", SimulatorFault.Keyed),
        ("bare-array", SimulatorFault.BareArray),
        ("string-ids", SimulatorFault.StringIds),
        ("label-case", SimulatorFault.LabelCase),
        ("extra-field", SimulatorFault.ExtraField),
        ("string-numbers", SimulatorFault.StringNumbers),
        ("single-value", SimulatorFault.SingleValue),
        ("missing-id", SimulatorFault.MissingId),
        ("draft", SimulatorFault.Draft),
        ("prose", SimulatorFault.Prose),
        ("ndjson", SimulatorFault.Ndjson),
        ("content-filter", SimulatorFault.ContentFilter),
        ("blocked-prompt", SimulatorFault.BlockedPrompt),
        ("thought-only", SimulatorFault.ThoughtOnly),
        ("thought-cut", SimulatorFault.ThoughtCut),
        ("spend-cap", SimulatorFault.SpendCap),
        ("bad-key", SimulatorFault.BadKey),
        ("cloudflare-1010", SimulatorFault.Cloudflare1010),
        ("memory-old", SimulatorFault.MemoryOld),
        ("memory-new", SimulatorFault.MemoryNew),
    ];

    /// <summary>Every name, in the order of the faults.</summary>
    public static IReadOnlyList<string> All { get; } = [.. s_names.Select(n => n.Name)];

    /// <summary>The fault of a name; hyphens, underscores and case do not matter.</summary>
    public static bool TryParse(string name, out SimulatorFault fault)
    {
        var plain = Plain(name);
        foreach (var (known, value) in s_names)
        {
            if (!string.Equals(Plain(known), plain, StringComparison.OrdinalIgnoreCase)) continue;
            fault = value;
            return true;
        }

        fault = SimulatorFault.None;
        return false;
    }

    /// <summary>The name of a fault; <c>ok</c> for none.</summary>
    public static string Of(SimulatorFault fault)
    {
        foreach (var (name, value) in s_names)
        {
            if (value == fault) return name;
        }

        return "ok";
    }

    private static string Plain(string name) =>
        name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
}
