namespace Rowmill.Simulator.Answers;

/// <summary>One object of a reply's <c>rows</c>.</summary>
/// <param name="Row">The row it answers.</param>
/// <param name="Id">Raw JSON of the id it carries; null for none.</param>
/// <param name="Salt">0, or what makes the answer another one: all its labels and numbers differ where the schema has others.</param>
/// <param name="Spoilt">True when it holds a value that the schema does not allow.</param>
internal readonly record struct PlannedAnswer(AskedRow Row, string? Id, ulong Salt = 0, bool Spoilt = false);

/// <summary>Which answers a reply holds and in which order: where the faults of content happen.</summary>
internal static class ReplyPlan
{
    /// <summary>The answers, faulty as asked; the rows' own order without a fault.</summary>
    public static IReadOnlyList<PlannedAnswer> Make(IReadOnlyList<PlannedAnswer> answers, SimulatorFault fault, ulong chance)
    {
        var plan = answers.ToList();
        if (plan.Count == 0) return plan;
        var hit = Mix.Below(chance, plan.Count);
        switch (fault)
        {
            case SimulatorFault.Incomplete:
                var gone = 1 + Mix.Below(Mix.With(chance, 1), Math.Max(1, plan.Count / 3));
                foreach (var index in Mix.Order(chance, plan.Count)[..gone].OrderDescending()) plan.RemoveAt(index);
                break;
            case SimulatorFault.Shuffle:
                var order = Mix.Order(chance, plan.Count);
                if (order.SequenceEqual(order.Order())) System.Array.Reverse(order);
                plan = [.. order.Select(i => plan[i])];
                break;
            case SimulatorFault.WrongLabel:
                plan[hit] = plan[hit] with { Spoilt = true };
                break;
            case SimulatorFault.DuplicateId:
                plan.Insert(Mix.Below(Mix.With(chance, 2), plan.Count + 1), plan[hit] with { Salt = 1 });
                break;
            case SimulatorFault.ForeignId:
                plan[hit] = plan[hit] with { Id = $"{1_000_000 + Mix.Below(chance, 1000)}" };
                break;
            case SimulatorFault.MissingId:
                plan[hit] = plan[hit] with { Id = null };
                break;
            case SimulatorFault.StringIds:
                plan = [.. plan.Select(p => p with { Id = Quoted(p.Id!) })];
                break;
        }

        return plan;
    }

    /// <summary>The same answers, each another one: what a model thought of before.</summary>
    public static IReadOnlyList<PlannedAnswer> Draft(IReadOnlyList<PlannedAnswer> plan, ulong chance) =>
        [.. plan.Select(p => p with { Salt = Mix.With(chance, p.Row.Hash) | 1 })];

    private static string Quoted(string id) => id.StartsWith('"') ? id : $"\"{id}\"";
}
