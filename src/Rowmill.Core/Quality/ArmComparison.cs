using System.Text.Json;
using Rowmill.Core.Stores;

namespace Rowmill.Core.Quality;

/// <summary>The outcome of one row in one arm.</summary>
/// <param name="Kind">How it ended; null when it did not.</param>
/// <param name="Values">The answer's value of each field, when it was answered.</param>
/// <param name="Place">Where in its pack it was.</param>
internal sealed record ArmRow(OutcomeKind? Kind, IReadOnlyList<FieldValue?> Values, PackPlace? Place)
{
    /// <summary>Reads a stored outcome.</summary>
    public static ArmRow Of(StoredOutcome? stored, PackPlace? place, IReadOnlyList<AnswerField> fields)
    {
        if (stored is not { Kind: OutcomeKind.Answered }) return new ArmRow(stored?.Kind, [], place);
        using var answer = JsonDocument.Parse(stored.Json);
        return new ArmRow(stored.Kind, [.. fields.Select(f => FieldValues.Read(f, answer.RootElement.TryGetProperty(f.Name, out var value) ? value : default))], place);
    }
}

/// <summary>Compares arms with the answers alone, row by row.</summary>
/// <param name="fields">The fields of an answer.</param>
/// <param name="alone">The answers alone.</param>
internal sealed class ArmComparison(IReadOnlyList<AnswerField> fields, IReadOnlyList<ArmRow> alone)
{
    private const int Thirds = 3;

    /// <summary>Whether any field's values can be expected to be equal.</summary>
    public bool AnyCounts { get; } = fields.Any(f => f.Counts);

    /// <summary>An arm against the answers alone.</summary>
    public ArmReport Report(AuditArm arm, IReadOnlyList<ArmRow> rows)
    {
        var itself = ReferenceEquals(rows, alone);
        var agreed = rows.Select((row, i) => Agrees(alone[i], row)).ToList();
        var places = rows.Select(r => r.Place).OfType<PackPlace>().ToList();
        return new ArmReport
        {
            Arm = arm,
            Answered = rows.Count(r => r.Kind == OutcomeKind.Answered),
            Abstained = rows.Count(r => r.Kind == OutcomeKind.Abstained),
            Failed = rows.Count(r => r.Kind == OutcomeKind.Failed),
            RowsPerCall = places.Count == 0 ? null : places.Average(p => p.Rows),
            Fields = itself ? [] : [.. fields.Select((f, i) => new FieldAgreement(f, Field(i, rows)))],
            Overall = itself || !AnyCounts ? null : ShareOf(agreed),
            Positions = itself || arm.PackRows < 2 || !AnyCounts ? []
                : [.. Enumerable.Range(0, Thirds).Select(third => ShareOf(agreed.Where((_, i) => rows[i].Place?.Third == third)))],
            Changed = new ChangedEndings(
                Changes(rows, OutcomeKind.Abstained, here: true), Changes(rows, OutcomeKind.Abstained, here: false),
                Changes(rows, OutcomeKind.Failed, here: true), Changes(rows, OutcomeKind.Failed, here: false)),
        };
    }

    /// <summary>The rows of two arms, by whether they agree with the answers alone.</summary>
    public PairedDifference Difference(IReadOnlyList<ArmRow> first, IReadOnlyList<ArmRow> second)
    {
        var (both, gained, lost, neither) = (0, 0, 0, 0);
        for (var i = 0; i < alone.Count; i++)
        {
            if (Agrees(alone[i], first[i]) is not { } before || Agrees(alone[i], second[i]) is not { } after) continue;
            if (before && after) both++;
            else if (after) gained++;
            else if (before) lost++;
            else neither++;
        }

        return new PairedDifference(both, gained, lost, neither);
    }

    /// <summary>
    /// Whether a row is the same as alone: every counted field equal, or abstained both times. Null when there is nothing to compare: it
    /// failed alone, or was not asked here.
    /// </summary>
    private bool? Agrees(ArmRow single, ArmRow row)
    {
        if (single.Kind is null or OutcomeKind.Failed || row.Kind is null) return null;
        if (single.Kind != row.Kind) return false;
        return row.Kind == OutcomeKind.Abstained || fields.Index().All(f => !f.Item.Counts || Equal(single.Values[f.Index], row.Values[f.Index]));
    }

    private Share Field(int field, IReadOnlyList<ArmRow> rows) => ShareOf(rows.Index()
        .Where(r => r.Item.Kind == OutcomeKind.Answered && alone[r.Index].Kind == OutcomeKind.Answered)
        .Select(r => (bool?)Equal(alone[r.Index].Values[field], r.Item.Values[field])));

    private int Changes(IReadOnlyList<ArmRow> rows, OutcomeKind kind, bool here) => rows.Index().Count(r =>
        alone[r.Index].Kind is { } single && r.Item.Kind is { } now && single != now && (here ? now : single) == kind);

    private static bool Equal(FieldValue? a, FieldValue? b) => a is null || b is null ? a is null && b is null : FieldValues.Compare(a, b) == Match.Same;

    private static Share ShareOf(IEnumerable<bool?> agreed)
    {
        var known = agreed.OfType<bool>().ToList();
        return new Share(known.Count(a => a), known.Count);
    }
}
