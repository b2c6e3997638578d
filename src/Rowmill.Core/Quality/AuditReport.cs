namespace Rowmill.Core.Quality;

/// <summary>What an audit asks.</summary>
public sealed record AuditOptions
{
    /// <summary>The most rows that are drawn.</summary>
    public const int MostRows = 1000;

    /// <summary>Rows to draw, from 1 to <see cref="MostRows"/>.</summary>
    public int Sample { get; init; } = 50;

    /// <summary>Decides which rows are drawn and in which order they are packed; the same seed asks nothing twice.</summary>
    public required long Seed { get; init; }

    /// <summary>The route (its <see cref="Models.Route.Name"/>); null for the first of the job that has answers.</summary>
    public string? Model { get; init; }

    /// <summary>Pack sizes to judge, each at least 2; empty for the size the answers came in, half and a quarter of it.</summary>
    public IReadOnlyList<int> PackRows { get; init; } = [];

    /// <summary>A fall of agreement that is tolerated, in points of per cent.</summary>
    public double Margin { get; init; } = 5;
}

/// <summary>One way of asking the sample.</summary>
/// <param name="Name">Such as <c>alone</c> or <c>packed_20</c>.</param>
/// <param name="PackRows">Rows in a request.</param>
public sealed record AuditArm(string Name, int PackRows)
{
    /// <summary>Each row in a request of its own: what the others are compared with.</summary>
    public const string Alone = "alone";

    /// <summary>The same once more: what the model changes by itself.</summary>
    public const string AloneAgain = "alone_again";

    /// <summary>The job's own answers, as they are stored; nothing is asked for them.</summary>
    public const string Stored = "stored";

    /// <summary>The arm of a pack size.</summary>
    internal static AuditArm Packed(int rows) => new($"packed_{rows}", rows);
}

/// <summary>Agreement in one field.</summary>
/// <param name="Field">The field.</param>
/// <param name="Agreement">Equal values, of the rows that both answered.</param>
public sealed record FieldAgreement(AnswerField Field, Share Agreement);

/// <summary>Rows that ended otherwise than alone.</summary>
/// <param name="AbstainedHere">Abstained here, not alone.</param>
/// <param name="AbstainedAlone">Abstained alone, not here.</param>
/// <param name="FailedHere">Failed here, not alone.</param>
/// <param name="FailedAlone">Failed alone, not here; these rows are compared with nothing.</param>
public sealed record ChangedEndings(int AbstainedHere, int AbstainedAlone, int FailedHere, int FailedAlone);

/// <summary>What is to be thought of a pack size.</summary>
public enum AuditVerdict
{
    /// <summary>Agreement is not below the model's own beyond chance and margin.</summary>
    Trusted,

    /// <summary>It is below.</summary>
    Worse,

    /// <summary>The sample is too small to tell.</summary>
    Unclear,
}

/// <summary>How far the agreement of an arm lies below or above that of the model with itself.</summary>
/// <param name="Value">The difference of the shares, from -1 to 1; negative when the arm agrees less.</param>
/// <param name="Low">The lower end of its 95 % interval (Newcombe, paired).</param>
/// <param name="High">The upper end.</param>
/// <param name="Chance">How probable so large a difference is by chance alone (McNemar, exact, two-sided).</param>
/// <param name="Rows">Rows compared.</param>
/// <param name="Verdict">What follows from it.</param>
/// <param name="RowsNeeded">Rows that would tell if the shares stayed as they are; null when the verdict is clear or no sample is large enough.</param>
public sealed record AuditDifference(double Value, double Low, double High, double Chance, long Rows, AuditVerdict Verdict, int? RowsNeeded);

/// <summary>One arm against the answers alone.</summary>
public sealed record ArmReport
{
    /// <summary>The arm.</summary>
    public required AuditArm Arm { get; init; }

    /// <summary>Rows answered.</summary>
    public required int Answered { get; init; }

    /// <summary>Rows abstained from.</summary>
    public required int Abstained { get; init; }

    /// <summary>Rows failed.</summary>
    public required int Failed { get; init; }

    /// <summary>Rows of the request that brought an answer, on average over the rows; null when the ledger does not know.</summary>
    public required double? RowsPerCall { get; init; }

    /// <summary>Each field; empty for the answers alone.</summary>
    public required IReadOnlyList<FieldAgreement> Fields { get; init; }

    /// <summary>Rows that agree in every field that counts, or abstained both times; null for the answers alone, and when no field counts.</summary>
    public required Share? Overall { get; init; }

    /// <summary>The same by the row's place in its pack: first, middle and last third; empty where nothing was packed.</summary>
    public required IReadOnlyList<Share> Positions { get; init; }

    /// <summary>Rows that ended otherwise than alone.</summary>
    public required ChangedEndings Changed { get; init; }

    /// <summary>Against the model's agreement with itself; null for arms that are not judged.</summary>
    public AuditDifference? Difference { get; init; }
}

/// <summary>Packed answers against single ones.</summary>
public sealed record AuditReport
{
    /// <summary>The job.</summary>
    public required string Job { get; init; }

    /// <summary>The route that was asked.</summary>
    public required string Model { get; init; }

    /// <summary>Rows drawn.</summary>
    public required int Sample { get; init; }

    /// <summary>The seed.</summary>
    public required long Seed { get; init; }

    /// <summary>The margin, in points.</summary>
    public required double Margin { get; init; }

    /// <summary>Every arm.</summary>
    public required IReadOnlyList<ArmReport> Arms { get; init; }

    /// <summary>The largest pack size to be trusted; 1 when none is, null when the sample cannot tell.</summary>
    public required int? TrustedPackRows { get; init; }

    /// <summary>Why, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>What else a person must know.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Requests of this audit, since it was last started.</summary>
    public required long Calls { get; init; }

    /// <summary>What they cost in USD; null without a price.</summary>
    public required decimal? Usd { get; init; }

    /// <summary>True when the simulator answers: its labels mean nothing.</summary>
    public required bool Simulated { get; init; }
}
