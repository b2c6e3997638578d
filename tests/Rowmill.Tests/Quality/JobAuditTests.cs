using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Models;
using Rowmill.Core.Quality;
using Rowmill.Core.Runs;
using Rowmill.Core.Stores;
using Rowmill.Tests.Runs;

namespace Rowmill.Tests.Quality;

public sealed class JobAuditTests : IDisposable
{
    private static readonly string[] s_labels = ["Low", "Medium", "High"];

    private readonly RunWorld _world = new();

    public JobAuditTests() => _world.Job = _world.Job with { PackRows = 20 };

    [Fact]
    public async Task A_model_that_does_not_mind_packs_is_trusted_with_them()
    {
        var report = await AuditAsync(rows: 200, sample: 60, call => FakeReply.Each(call, t => Energy(Stable(t))));

        Assert.Equal(20, report.TrustedPackRows);
        Assert.Equal(["alone", "alone_again", "packed_20", "packed_10", "packed_5", "stored"], report.Arms.Select(a => a.Arm.Name));
        Assert.All(report.Arms.Skip(1), a => Assert.Equal(new Share(60, 60), a.Overall));
        Assert.Equal([1, 1, 20, 10, 5, 20], report.Arms.Select(a => a.RowsPerCall));
        Assert.Equal(60 + 60 + 3 + 6 + 12, report.Calls);
    }

    [Fact]
    public async Task A_model_that_blurs_large_packs_is_trusted_with_small_ones()
    {
        // Beyond the tenth row of a pack it says what it said of the row before.
        var report = await AuditAsync(rows: 300, sample: 100, call => FakeReply.Each(call, t =>
            Energy(call.Titles.ToList().IndexOf(t) >= 10 ? (Stable(t) + 1) % 3 : Stable(t))));

        Assert.Equal(10, report.TrustedPackRows);
        var packed = report.Arms.Single(a => a.Arm.PackRows == 20 && a.Arm.Name == "packed_20");
        Assert.Equal((new Share(50, 100), AuditVerdict.Worse), (packed.Overall, packed.Difference!.Verdict));
        Assert.Equal([35, 15, 0], packed.Positions.Select(p => (int)p.Hits));
        Assert.Equal(100, packed.Positions.Sum(p => p.Of));
        Assert.Contains("trust packs of 10", report.Reason, StringComparison.Ordinal);
        Assert.Contains("At 20 agreement falls by 50 points", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_model_changes_by_itself_is_not_the_packs_fault()
    {
        // One row in ten is answered anew each time it is asked.
        var asked = 0;
        var report = await AuditAsync(rows: 200, sample: 200, call => FakeReply.Each(call, t =>
            Energy(int.Parse(t[1..]) % 10 == 0 ? ++asked % 3 : Stable(t))));

        var again = report.Arms[1].Overall!.Value;
        Assert.InRange(again.Hits, 180, 195);
        Assert.Equal(20, report.TrustedPackRows);
    }

    [Fact]
    public async Task An_audit_clears_none_of_the_jobs_doubt()
    {
        _world.Table(RunWorld.Titles(40));
        await _world.RunAsync(new RunOptions { Limit = 20 });
        await RunDoubtTests.InterruptAsync(_world);

        await AuditAsync(sample: 10);

        var doubt = await _world.Store.Calls.ReadAsync(new CallQuery("songs") { State = CallState.InDoubt }, TestContext.Current.CancellationToken)
            .CountAsync(TestContext.Current.CancellationToken);
        var next = await _world.RunAsync();
        Assert.Equal((1, 1L, 1L), (doubt, next.InDoubt.Calls, next.Cleared.Calls));
    }

    [Fact]
    public async Task Nothing_of_an_audit_is_taken_for_the_jobs_answers()
    {
        _world.Table(RunWorld.Titles(40));
        var run = await _world.RunAsync();
        var output = await _world.ColumnAsync("ai_energy");
        var known = await _world.Environment.Calibrations.ReadAsync(_world.Job.Routes[0].Id, null, TestContext.Current.CancellationToken);
        _world.Model().Script = call => FakeReply.Good(call, "High");
        await AuditAsync(sample: 40);
        Assert.True(known.Calls > 0);
        Assert.Equal(known, await _world.Environment.Calibrations.ReadAsync(_world.Job.Routes[0].Id, null, TestContext.Current.CancellationToken));

        Assert.Equal(run.RunId, (await _world.Store.Runs.LastAsync("songs", TestContext.Current.CancellationToken))!.RunId);
        _world.Forget();
        var again = await _world.RunAsync();
        Assert.Equal((0, 40), (again.Calls.Sent, again.Rows.FromCache));
        Assert.Equal(output, await _world.ColumnAsync("ai_energy"));

        // After an edit the job's own forty answers are unused, those of the audit are not.
        _world.Job = _world.Job with { Question = _world.Job.Question with { Prompt = "Judge it anew." } };
        Assert.Equal(40, (await _world.RunAsync()).Unused!.Answers);
    }

    [Fact]
    public async Task An_audits_money_counts_to_the_jobs_budget_and_stops_it()
    {
        _world.Job = _world.Job with { Routes = [RunWorld.Route("a") with { Price = new Price(1000, 1000) }] };
        _world.Table(RunWorld.Titles(40));
        await _world.RunAsync();
        var spent = await _world.Store.Calls.SpentAsync("songs", TestContext.Current.CancellationToken);
        _world.Job = _world.Job with { BudgetUsd = spent + 3m };

        var audit = await DrawAsync(sample: 40);
        var summary = await audit.AskAsync(audit.Arms[0], cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(RunState.Budget, summary.State);
        Assert.InRange(await _world.Store.Calls.SpentAsync("songs", TestContext.Current.CancellationToken), spent + 0.1m, spent + 3m);
    }

    [Fact]
    public async Task An_interrupted_audit_goes_on_with_its_seed_and_a_larger_one_keeps_what_was_asked()
    {
        _world.Table(RunWorld.Titles(100));
        await _world.RunAsync();
        _world.Forget();
        var audit = await DrawAsync(sample: 20);
        using var stop = new CancellationTokenSource();
        _world.Model().Script = call =>
        {
            if (call.Number == 7) stop.Cancel();
            return FakeReply.Good(call);
        };
        var stopped = await audit.AskAsync(audit.Arms[0], cancellationToken: stop.Token);
        Assert.Equal(RunState.Interrupted, stopped.State);
        _world.Model().Script = call => FakeReply.Good(call);

        var report = await AuditAsync(sample: 20);
        Assert.Equal(20 + 20 + 1 + 2 + 4, _world.Model().Calls.Count);
        Assert.Equal(20, report.Arms[0].Answered);

        _world.Forget();
        await AuditAsync(sample: 30);
        Assert.Equal(10 + 10, _world.Model().Calls.Count(c => c.Titles.Count == 1));
    }

    [Fact]
    public async Task A_row_that_is_abstained_from_only_in_a_pack_is_a_difference()
    {
        var report = await AuditAsync(rows: 60, sample: 60, call => FakeReply.Each(call, t =>
            call.Titles.Count > 10 && t.EndsWith('1') ? "\"abstain\":\"too many\"" : Energy(Stable(t))));

        var packed = report.Arms[2];
        Assert.Equal((6, 0), (packed.Changed.AbstainedHere, packed.Changed.AbstainedAlone));
        Assert.Equal((new Share(54, 60), new Share(54, 54)), (packed.Overall, packed.Fields[0].Agreement));
    }

    [Fact]
    public async Task Free_text_is_shown_and_not_counted()
    {
        var asked = 0;
        var report = await AuditAsync(rows: 60, sample: 60, call => FakeReply.Each(call, t => $"{Energy(Stable(t))},\"note\":\"{++asked}\""));

        Assert.Equal(20, report.TrustedPackRows);
        Assert.Equal((false, new Share(0, 60)), (report.Arms[1].Fields[1].Field.Counts, report.Arms[1].Fields[1].Agreement));
    }

    [Fact]
    public async Task A_few_rows_tell_nothing_and_say_how_many_would()
    {
        var report = await AuditAsync(rows: 60, sample: 5, call => FakeReply.Good(call));

        Assert.Null(report.TrustedPackRows);
        Assert.Contains("sample at least 22", report.Reason, StringComparison.Ordinal);
        Assert.Contains(report.Notes, n => n.Contains("cannot judge packs of 20", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_model_is_the_first_that_has_answers()
    {
        _world.Job = _world.Job with { Routes = [RunWorld.Route("a"), RunWorld.Route("b")] };
        _world.Table(RunWorld.Titles(5));
        await _world.RunAsync(new RunOptions { Model = "fake/b" });
        _world.Forget();

        var report = await AuditAsync(sample: 5);

        Assert.Equal("fake/b", report.Model);
        Assert.Empty(_world.Model().Calls);
    }

    [Fact]
    public async Task Without_an_answer_there_is_nothing_to_audit()
    {
        _world.Table(RunWorld.Titles(5));

        var e = await Assert.ThrowsAsync<ProblemException>(() => DrawAsync(sample: 5));

        Assert.Equal("No row of songs.csv has an answer of fake/a yet.", Assert.Single(e.Problems).Message);
    }

    [Fact]
    public async Task Equal_rows_are_drawn_once_and_the_sample_is_spread_over_the_table()
    {
        _world.Job = _world.Job with { Dedupe = false };
        _world.Table([.. RunWorld.Titles(500), .. RunWorld.Titles(500)]);
        await _world.RunAsync();
        _world.Forget();
        var audit = await DrawAsync(sample: 100);
        await audit.AskAsync(audit.Arms[0], cancellationToken: TestContext.Current.CancellationToken);

        var titles = _world.Model().Calls.SelectMany(c => c.Titles).ToList();
        Assert.Equal((100, 100), (titles.Count, titles.Distinct().Count()));
        Assert.InRange(titles.Average(t => int.Parse(t[1..])), 200, 300);
    }

    [Fact]
    public async Task The_report_says_the_same_as_json()
    {
        var report = await AuditAsync(rows: 60, sample: 60, call => FakeReply.Each(call, t => Energy(Stable(t))));

        var json = JsonNode.Parse(AuditJson.Write(report).ToJsonString())!;

        Assert.Equal((60, 7, 20), ((int)json["sample"]!, (int)json["seed"]!, (int)json["trusted_pack_rows"]!));
        var packed = json["arms"]!.AsArray().Single(a => (string)a!["name"]! == "packed_20")!;
        Assert.Equal(("20", "60", "60", "0.9398"), (Text(packed["pack_rows"]), Text(packed["fields"]!["energy"]!["agree"]), Text(packed["overall"]!["n"]), $"{(double)packed["overall"]!["low"]!:0.0000}"));
        Assert.Equal(["first", "middle", "last"], packed["positions"]!.AsArray().Select(p => (string)p!["part"]!));
        using var text = new StringWriter();
        AuditText.Write(text, report, ReportForm.Markdown);
        Assert.Contains("| packs of 20 |", text.ToString(), StringComparison.Ordinal);
        Assert.Contains(report.Reason, text.ToString(), StringComparison.Ordinal);

        static string Text(JsonNode? node) => node!.ToJsonString();
    }

    public void Dispose() => _world.Dispose();

    private static int Stable(string title) => int.Parse(title[1..]) % 3;

    private static string Energy(int label) => $"\"energy\":\"{s_labels[label]}\"";

    private async Task<AuditReport> AuditAsync(int rows, int sample, Func<FakeCall, ModelResult> script)
    {
        _world.Table(RunWorld.Titles(rows));
        _world.Model().Script = script;
        await _world.RunAsync();
        return await AuditAsync(sample);
    }

    private async Task<AuditReport> AuditAsync(int sample)
    {
        var audit = await DrawAsync(sample);
        foreach (var arm in audit.Arms)
        {
            _world.Advance(TimeSpan.FromSeconds(1));
            await audit.AskAsync(arm, cancellationToken: TestContext.Current.CancellationToken);
        }

        return await audit.ReportAsync(TestContext.Current.CancellationToken);
    }

    private async Task<JobAudit> DrawAsync(int sample)
    {
        _world.Advance(TimeSpan.FromSeconds(1));
        var job = await OpenedJob.OpenAsync(_world.Job, cancellationToken: TestContext.Current.CancellationToken);
        return await JobAudit.DrawAsync(job, new AuditOptions { Sample = sample, Seed = 7 }, _world.Environment, TestContext.Current.CancellationToken);
    }
}
