namespace Rowmill.Simulator;

/// <summary>Which headers of a refusal tell how long to wait.</summary>
public enum RetryHint
{
    /// <summary>All that the provider sends: <c>retry-after</c>, and <c>retry-after-ms</c> in OpenAI's manner.</summary>
    Both,

    /// <summary><c>retry-after</c> alone.</summary>
    Seconds,

    /// <summary>None; the words of the refusal stay.</summary>
    None,
}
