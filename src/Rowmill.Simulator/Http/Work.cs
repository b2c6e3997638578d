using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>One request for a model: what it wants of the limits, and what the model makes of it.</summary>
/// <param name="dialect">Whose manners the reply has.</param>
/// <param name="key">Who asks.</param>
/// <param name="content">A hash of the request: the same request gets the same.</param>
internal abstract class Work(Dialect dialect, string key, ulong content)
{
    public Dialect Dialect => dialect;

    public string Key => key;

    public ulong Content => content;

    public abstract string Model { get; }

    /// <summary>The prompt's tokens.</summary>
    public abstract int Prompt { get; }

    /// <summary>The tokens that the reply may have.</summary>
    public abstract int Output { get; }

    /// <summary>The rows it asks about.</summary>
    public virtual IReadOnlyList<AskedRow> Rows => [];

    /// <summary>A hash of what is asked about each of them: the same question to the same model has the same.</summary>
    public virtual ulong Question => 0;

    /// <summary>Why the model cannot take it, whatever the limits; null when it can.</summary>
    public virtual ErrorReply? Misfit() => null;

    /// <summary>Lets the model work.</summary>
    public abstract Made Make(SimulatorFault fault, ulong chance);

    /// <summary>What it costs, now that it is made.</summary>
    public virtual Bill Settle(Made made) => new(Prompt, 0, made.OutputTokens, made.Thoughts);

    /// <summary>The body of a 200 and its content type.</summary>
    public abstract (ReadOnlyMemory<byte> Body, string ContentType) Write(Bill bill, ulong chance, DateTimeOffset at, TimeSpan took);
}

/// <summary>What came of it.</summary>
/// <param name="Error">What the provider says instead of the reply; null for the reply.</param>
/// <param name="OutputTokens">Tokens written, thoughts included.</param>
/// <param name="Thoughts">Tokens thought.</param>
/// <param name="Outcome">What the statistics call it.</param>
internal readonly record struct Made(ErrorReply? Error, int OutputTokens, int Thoughts, string Outcome);
