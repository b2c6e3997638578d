using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Protocol;

/// <summary>A chat completion request that has passed every check of form.</summary>
internal sealed record ChatRequest
{
    public required string Model { get; init; }

    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required ResponseForm Form { get; init; }

    /// <summary>The output limit as far as the dialect reads it; null when there is none.</summary>
    public required int? MaxTokens { get; init; }

    /// <summary>How many choices are wanted.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>The tier asked for; null when none is.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>At most so many tokens of thought; 0 for none, null for as many as the model likes.</summary>
    public int? MaxThoughts { get; init; }

    /// <summary>True when the reply is to show its thoughts.</summary>
    public bool ShowsThoughts { get; init; }

    /// <summary>True when the reply is to come in pieces.</summary>
    public bool Streams { get; init; }

    /// <summary>The context asked for, in tokens; null for the model's own.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>True when a prompt beyond the context is cut without a word instead of refused.</summary>
    public bool CutsLongPrompt { get; init; }

    /// <summary>The tool that must be called with the answer; null when the answer is text.</summary>
    public string? Tool { get; init; }

    /// <summary>What may be kept of the prompt, and for how long.</summary>
    public CachedPrefix Cache { get; init; } = CachedPrefix.System;

    /// <summary>All system and developer messages.</summary>
    public string System => string.Join('\n', Messages.Where(m => m.Role is "system" or "developer").Select(m => m.Text));

    /// <summary>The last user message; empty when there is none.</summary>
    public string LastUser => Messages.LastOrDefault(m => m.Role == "user")?.Text ?? "";

    /// <summary>A quarter of the UTF-8 bytes of all messages and of the schema, rounded up.</summary>
    public int PromptTokens => Tokens.Of(Messages.Sum(m => (long)m.Bytes) + Form.SchemaBytes);
}

/// <summary>One message, its parts joined.</summary>
internal sealed record ChatMessage(string Role, string Text)
{
    public int Bytes { get; } = global::System.Text.Encoding.UTF8.GetByteCount(Text);
}

/// <summary>The form asked for.</summary>
/// <param name="IsJson">True for both JSON modes.</param>
/// <param name="Shape">The shape of the schema sent; null when none was.</param>
/// <param name="SchemaBytes">Its UTF-8 length.</param>
internal sealed record ResponseForm(bool IsJson, ReplyShape? Shape, int SchemaBytes)
{
    public static ResponseForm Text { get; } = new(IsJson: false, null, 0);

    /// <summary>Which form it is; null for none.</summary>
    public SimulatorForm? Kind { get; init; }
}

/// <summary>What may be kept of a prompt.</summary>
/// <param name="Text">The text; null for the system messages.</param>
/// <param name="Keep">How long after its last use.</param>
/// <param name="Asked">True when the request itself marks it, and pays for its being written.</param>
internal sealed record CachedPrefix(string? Text, TimeSpan Keep, bool Asked)
{
    /// <summary>A cache that the provider keeps by itself. Groq keeps a prefix for two hours after its last use.</summary>
    public static CachedPrefix System { get; } = new(null, TimeSpan.FromHours(2), Asked: false);
}

/// <summary>Tokens by the rule of thumb of four bytes each.</summary>
internal static class Tokens
{
    public static int Of(long bytes) => (int)Math.Min(int.MaxValue, (bytes + 3) / 4);
}
