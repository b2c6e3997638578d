namespace Rowmill.Simulator;

/// <summary>One accepted request as the provider remembers it.</summary>
/// <param name="Number">1-based, in order of acceptance.</param>
/// <param name="At">When it was accepted.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="Rows">Each row's fields without <c>id</c>, as canonical JSON: keys sorted, compact.</param>
/// <param name="Outcome">What was sent: <c>ok</c>, a fault's name, <c>client_gone</c>; <c>pending</c> while it is worked on.</param>
/// <param name="Billed">True when it is charged for.</param>
/// <param name="PromptTokens">Prompt tokens charged.</param>
/// <param name="OutputTokens">Reply tokens charged.</param>
public sealed record LedgerEntry(
    long Number, DateTimeOffset At, string Model, IReadOnlyList<string> Rows, string Outcome, bool Billed, int PromptTokens, int OutputTokens);
