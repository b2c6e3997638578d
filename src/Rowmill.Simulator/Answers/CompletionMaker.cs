using System.Text;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Faults;
using Rowmill.Simulator.Protocol;
using Rowmill.Simulator.Schemas;

namespace Rowmill.Simulator.Answers;

/// <summary>What came of letting the model write.</summary>
/// <param name="Completion">The reply; null when the provider refused what was written.</param>
/// <param name="Error">That refusal, otherwise.</param>
/// <param name="OutputTokens">Tokens written.</param>
/// <param name="Outcome">What the statistics call it.</param>
internal sealed record Generation(Completion? Completion, ErrorReply? Error, int OutputTokens, string Outcome);

/// <summary>The model: writes the reply to one request, with the fault that hits it.</summary>
internal sealed class CompletionMaker(SimulatorOptions options, Dialect dialect, SchemaLibrary schemas)
{
    private readonly AnswerWriter _answers = new(options);
    private readonly Wandering _wandering = new(options);

    /// <summary>The reply to one request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="rows">The rows in it that the model sees.</param>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="content">Of the request.</param>
    /// <param name="chance">Of the request and how often it came before.</param>
    public Generation Make(ChatRequest request, IReadOnlyList<AskedRow> rows, SimulatorFault fault, ulong content, ulong chance)
    {
        if (rows.Any(r => r.Holds(options.PoisonText))) return Said(request, TextFaults.Garbage, "poison");
        if (fault == SimulatorFault.Empty) return Said(request, Array.Empty<byte>(), FaultNames.Of(fault));
        if (fault == SimulatorFault.Refuse) return Refused(request);
        var outcome = FaultNames.Of(fault);
        if (fault == SimulatorFault.ContentFilter) return new Generation(new Completion(null, null, "content_filter"), null, 0, outcome);

        var shape = request.Form.Shape ?? schemas.Told(request.System);
        IReadOnlyList<PlannedAnswer> own = [.. rows.Select(r => new PlannedAnswer(r, r.Id, _wandering.Salt(r, rows.Count, content, chance)))];
        var text = Text(ReplyPlan.Make(own, fault, chance));
        return fault switch
        {
            SimulatorFault.Truncate => Truncated(TextFaults.Cut(text, (int)(text.Length * (0.3 + 0.4 * Mix.Unit(chance)))), outcome),
            SimulatorFault.BadGeneration => Rejected(TextFaults.Cut(text, text.Length / 2), outcome),
            SimulatorFault.Fence => Said(request, TextFaults.Fence(text), outcome),
            SimulatorFault.BadJson => Said(request, TextFaults.Break(text), outcome),
            SimulatorFault.Prose => Said(request, TextFaults.Prose(text), outcome),
            SimulatorFault.Draft => Said(request, TextFaults.Think(Text(ReplyPlan.Draft(own, chance)), text), outcome),
            _ => Said(request, text, outcome),
        };

        byte[] Text(IReadOnlyList<PlannedAnswer> plan) => rows.Count > 0
            ? _answers.Write(shape, plan, ReplyManner.Of(fault, chance))
            : _answers.WriteAlone(shape, request.LastUser);
    }

    private Generation Refused(ChatRequest request)
    {
        var text = Encoding.UTF8.GetBytes(TextFaults.Refusal);
        return dialect.DetailedReplies
            ? new Generation(new Completion(null, TextFaults.Refusal, "stop"), null, Tokens.Of(text.Length), FaultNames.Of(SimulatorFault.Refuse))
            : Said(request, text, FaultNames.Of(SimulatorFault.Refuse));
    }

    /// <summary>The text as the output limit lets it through.</summary>
    private Generation Said(ChatRequest request, ReadOnlyMemory<byte> text, string outcome)
    {
        if (request.MaxTokens is not > 0 || Tokens.Of(text.Length) <= request.MaxTokens)
        {
            return new Generation(new Completion(text, null, "stop"), null, Tokens.Of(text.Length), outcome);
        }

        var fitting = (int)Math.Min(int.MaxValue, request.MaxTokens.Value * 4L);
        if (!dialect.ValidatesJson || !request.Form.IsJson) return Truncated(TextFaults.Cut(text, fitting), "truncate");
        const string Reached = "max completion tokens reached before generating a valid document";
        return new Generation(null, dialect.BadGeneration(Reached), request.MaxTokens.Value, FaultNames.Of(SimulatorFault.BadGeneration));
    }

    private static Generation Truncated(ReadOnlyMemory<byte> text, string outcome) =>
        new(new Completion(text, null, "length"), null, Tokens.Of(text.Length), outcome);

    private Generation Rejected(ReadOnlyMemory<byte> text, string outcome) =>
        new(null, dialect.BadGeneration(Encoding.UTF8.GetString(text.Span)), Tokens.Of(text.Length), outcome);
}
