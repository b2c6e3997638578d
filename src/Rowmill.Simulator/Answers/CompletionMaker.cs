using System.Text;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Faults;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Answers;

/// <summary>What came of letting the model write.</summary>
/// <param name="Completion">The reply.</param>
/// <param name="Error">What the provider says instead; null when it sends the reply.</param>
/// <param name="OutputTokens">Tokens written, thoughts included.</param>
/// <param name="Thoughts">Tokens thought.</param>
/// <param name="Outcome">What the statistics call it.</param>
internal sealed record Generation(Completion Completion, ErrorReply? Error, int OutputTokens, int Thoughts, string Outcome);

/// <summary>The model: writes the reply to one request, with the fault that hits it.</summary>
internal sealed class CompletionMaker(SimulatorOptions options)
{
    private const string Reached = "max completion tokens reached before generating a valid document";

    private static readonly Completion s_nothing = new(null, Ending.Stop);

    private readonly AnswerWriter _answers = new(options);
    private readonly Wandering _wandering = new(options);
    private readonly SchemaLibrary _schemas = new();

    /// <summary>The reply to one request.</summary>
    /// <param name="dialect">Whose manners the reply has.</param>
    /// <param name="request">The request.</param>
    /// <param name="rows">The rows in it that the model sees.</param>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="content">Of the request.</param>
    /// <param name="chance">Of the request and how often it came before.</param>
    public Generation Make(
        Dialect dialect, ChatRequest request, IReadOnlyList<AskedRow> rows, SimulatorFault fault, ulong content, ulong chance)
    {
        var outcome = FaultNames.Of(fault);
        if (rows.Any(r => r.Holds(options.PoisonText))) return Said(dialect, request, TextFaults.Garbage, "poison");
        switch (fault)
        {
            case SimulatorFault.Empty: return Said(dialect, request, Array.Empty<byte>(), outcome);
            case SimulatorFault.Refuse: return Refused(dialect, request, outcome);
            case SimulatorFault.ContentFilter: return new Generation(new(null, Ending.Filtered), Charged(dialect.Filtered()), 0, 0, outcome);
            case SimulatorFault.BlockedPrompt: return new Generation(new(null, Ending.Blocked), dialect.BlockedPrompt(), 0, 0, outcome);
        }

        var shape = request.Form.Shape ?? _schemas.Told(request.System);
        IReadOnlyList<PlannedAnswer> own = [.. rows.Select(r => new PlannedAnswer(r, r.Id, _wandering.Salt(r, rows.Count, content, chance)))];
        var text = Text(ReplyPlan.Make(own, fault, chance));
        return fault switch
        {
            SimulatorFault.Truncate => Truncated(TextFaults.Cut(text, (int)(text.Length * (0.3 + 0.4 * Mix.Unit(chance)))), Thoughts(request), outcome),
            SimulatorFault.BadGeneration => Rejected(dialect, TextFaults.Cut(text, text.Length / 2), outcome),
            SimulatorFault.ThoughtOnly => Thought(Tokens.Of(text.Length), Ending.Stop, outcome),
            SimulatorFault.ThoughtCut => Thought(request.MaxTokens is > 0 ? request.MaxTokens.Value : Tokens.Of(text.Length), Ending.Length, outcome),
            SimulatorFault.Fence => Said(dialect, request, TextFaults.Fence(text), outcome),
            SimulatorFault.BadJson => Said(dialect, request, TextFaults.Break(text), outcome),
            SimulatorFault.Prose => Said(dialect, request, TextFaults.Prose(text), outcome),
            SimulatorFault.Draft => Said(dialect, request, TextFaults.Think(Text(ReplyPlan.Draft(own, chance)), text), outcome),
            _ => Said(dialect, request, text, outcome),
        };

        byte[] Text(IReadOnlyList<PlannedAnswer> plan) => rows.Count > 0
            ? _answers.Write(shape, plan, ReplyManner.Of(fault, chance))
            : _answers.WriteAlone(shape, request.LastUser);
    }

    private Generation Refused(Dialect dialect, ChatRequest request, string outcome)
    {
        var text = Encoding.UTF8.GetBytes(TextFaults.Refusal);
        return dialect.RefusesApart
            ? new Generation(new(null, Ending.Refused) { Refusal = TextFaults.Refusal }, null, Tokens.Of(text.Length), 0, outcome)
            : Said(dialect, request, text, outcome);
    }

    /// <summary>The text as the output limit lets it through; thoughts come first and count.</summary>
    private Generation Said(Dialect dialect, ChatRequest request, ReadOnlyMemory<byte> text, string outcome)
    {
        var thoughts = Thoughts(request);
        if (request.MaxTokens is not > 0 || thoughts + (long)Tokens.Of(text.Length) <= request.MaxTokens)
        {
            return new Generation(With(new(text, Ending.Stop), thoughts), null, thoughts + Tokens.Of(text.Length), thoughts, outcome);
        }

        if (dialect.ValidatesJson && request.Form.IsJson)
        {
            var bad = Charged(dialect.BadGeneration(Reached));
            return new Generation(s_nothing, bad, request.MaxTokens.Value, 0, FaultNames.Of(SimulatorFault.BadGeneration));
        }

        var room = request.MaxTokens.Value - thoughts;
        if (room <= 0) return Thought(request.MaxTokens.Value, Ending.Length, "truncate");
        return Truncated(TextFaults.Cut(text, (int)Math.Min(int.MaxValue, room * 4L)), thoughts, "truncate");
    }

    private int Thoughts(ChatRequest request) => Math.Min(options.ThoughtTokens, request.MaxThoughts ?? int.MaxValue);

    /// <summary>Nothing but thoughts.</summary>
    private static Generation Thought(int tokens, Ending ending, string outcome) =>
        new(With(new(ReadOnlyMemory<byte>.Empty, ending), tokens), null, tokens, tokens, outcome);

    private static Generation Truncated(ReadOnlyMemory<byte> text, int thoughts, string outcome) =>
        new(With(new(text, Ending.Length), thoughts), null, thoughts + Tokens.Of(text.Length), thoughts, outcome);

    /// <summary>A text that is not the JSON asked for; who does not look at it sends it.</summary>
    private static Generation Rejected(Dialect dialect, ReadOnlyMemory<byte> text, string outcome) =>
        new(new(text, Ending.Stop), Charged(dialect.BadGeneration(Encoding.UTF8.GetString(text.Span))), Tokens.Of(text.Length), 0, outcome);

    /// <summary>The refusal of what the model has written: the work is done.</summary>
    private static ErrorReply? Charged(ErrorReply? error) => error is null ? null : error with { Charged = true };

    private static Completion With(Completion completion, int thoughts) =>
        thoughts == 0 ? completion : completion with { Thoughts = $"Simulated thoughts of {thoughts} tokens: {{\"rows\": [\u2026]}} it is." };
}
