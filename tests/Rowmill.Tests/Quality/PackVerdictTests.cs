using Rowmill.Core.Quality;

namespace Rowmill.Tests.Quality;

public sealed class PackVerdictTests
{
    [Theory]
    // Fifty rows without a difference speak for a size; three say nothing.
    [InlineData(50, 0, 0, 0, AuditVerdict.Trusted)]
    [InlineData(3, 0, 0, 0, AuditVerdict.Unclear)]
    // As wobbly as the model itself.
    [InlineData(92, 3, 3, 2, AuditVerdict.Trusted)]
    // A fall that is beyond chance.
    [InlineData(40, 0, 10, 0, AuditVerdict.Worse)]
    // A fall that is beyond chance and still surely within the margin.
    [InlineData(985, 0, 15, 0, AuditVerdict.Trusted)]
    // A fall beyond the margin that may yet be chance.
    [InlineData(45, 1, 4, 0, AuditVerdict.Unclear)]
    // Better than the model with itself.
    [InlineData(40, 10, 0, 0, AuditVerdict.Trusted)]
    public void A_size_is_judged_by_the_rows_that_changed(double both, double gained, double lost, double neither, AuditVerdict verdict) =>
        Assert.Equal(verdict, PackVerdict.Judge(new PairedDifference(both, gained, lost, neither), 0.05).Verdict);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Too_few_rows_tell_how_many_would_do(double rows)
    {
        var needed = PackVerdict.Judge(new PairedDifference(rows, 0, 0, 0), 0.05).RowsNeeded;

        // The least n with z² / (n + z²) ≤ 0.15.
        Assert.Equal(22, needed);
        Assert.Equal(AuditVerdict.Trusted, PackVerdict.Judge(new PairedDifference(22, 0, 0, 0), 0.05).Verdict);
        Assert.Equal(AuditVerdict.Unclear, PackVerdict.Judge(new PairedDifference(21, 0, 0, 0), 0.05).Verdict);
    }

    [Fact]
    public void The_largest_trusted_size_is_chosen_and_what_is_wrong_with_larger_ones_is_said()
    {
        var (trusted, reason) = PackVerdict.Choose([Arm(20, 80, 0, 20, 0), Arm(10, 99, 0, 1, 0), Arm(5, 100, 0, 0, 0)], new Share(100, 100));

        Assert.Equal(10, trusted);
        Assert.Equal(
            "Packs of 10 agree with single answers in 99 % (95–99.8 %) of rows; the model agrees with itself in 100 % (96–100 %): trust packs of 10 "
            + "(at most 5 points lower, with 95 %). At 20 agreement falls by 20 points (12–29), to 80 % (71–87 %).",
            reason);
    }

    [Fact]
    public void When_every_size_is_worse_single_answers_are_trusted()
    {
        var (trusted, reason) = PackVerdict.Choose([Arm(4, 60, 0, 40, 0), Arm(2, 70, 0, 30, 0)], new Share(100, 100));

        Assert.Equal(1, trusted);
        Assert.Contains("trust single answers only. At 4 agreement falls by 40 points", reason, StringComparison.Ordinal);
        Assert.Contains("At 2 agreement falls by 30 points", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_rows_trust_nothing()
    {
        var (trusted, reason) = PackVerdict.Choose([Arm(2, 3, 0, 0, 0)], new Share(3, 3));

        Assert.Null(trusted);
        Assert.EndsWith("For packs of 2 these are too few rows to tell: sample at least 22.", reason, StringComparison.Ordinal);
    }

    private static ArmReport Arm(int packRows, int both, int gained, int lost, int neither) => new()
    {
        Arm = AuditArm.Packed(packRows),
        Answered = both + gained + lost + neither,
        Abstained = 0,
        Failed = 0,
        RowsPerCall = packRows,
        Fields = [],
        Overall = new Share(both + gained, both + gained + lost + neither),
        Positions = [],
        Changed = new ChangedEndings(0, 0, 0, 0),
        Difference = PackVerdict.Judge(new PairedDifference(both, gained, lost, neither), 0.05),
    };
}
