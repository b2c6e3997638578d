namespace Rowmill.Core.Questions;

/// <summary>What was put right in one answer.</summary>
/// <param name="Labels">Labels mapped to the allowed one that they differ from only by case, white space or hyphen, or are an alias of.</param>
/// <param name="Values">Values of another JSON type that could mean only one thing.</param>
/// <param name="Extras">Properties without a place in the schema, dropped; the <c>id</c> is none.</param>
public readonly record struct AnswerMends(int Labels, int Values, int Extras);
