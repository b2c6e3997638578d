using Rowmill.Core.Models;

namespace Rowmill.Benchmarks.Limits;

/// <summary>One of the systems that Rowmill grew out of: its rows, its question and its quota.</summary>
/// <param name="Name">What it does.</param>
internal sealed record Scenario(string Name)
{
    public required Work Work { get; init; }

    /// <summary>Rows in a request there.</summary>
    public required int Pack { get; init; }

    public required ServiceOptions Service { get; init; }

    public required RouteLimits Limits { get; init; }

    public CaseRoute Route => new("groq", "model", Service, Limits);

    /// <summary>The same as a case for the engine, which chooses the packs itself.</summary>
    public LimitCase Case => new(Name) { Work = Work, Routes = [Route], Options = new() { WriteOutput = false, Wait = true }, Start = LimitCase.Noon };
}

/// <summary>What came of a scenario.</summary>
internal sealed record ScenarioResult(string Program, double PackRows, long Calls, long Refused, TimeSpan Finish, long Rows)
{
    /// <summary>The lower bound for these calls; null where it is not told.</summary>
    public TimeSpan? Bound { get; init; }

    public string State { get; init; } = "completed";
}

/// <summary>The five systems.</summary>
internal static class Scenarios
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("roadmaps: 150 topics, 15 requests a minute")
        {
            Pack = 20,
            Work = new()
            {
                Rows = 150,
                Bytes = Work.About(60),
                PromptBytes = 1500,
                Schema = Work.Parse(
                    """
                    {"type":"object","required":["gist","difficulty"],"properties":{
                      "gist":{"type":"string","maxLength":140},"difficulty":{"enum":["beginner","intermediate","advanced"]}}}
                    """),
                Answer = chance => $"\"gist\":\"{Work.Words(chance, 70 + chance.Next(40))}\",\"difficulty\":\"intermediate\"",
            },
            Service = new(ServiceWindow.Rpm(15)),
            Limits = new() { RequestsPerMinute = 15 },
        },
        new("filenames: 840 files, 30 requests a minute")
        {
            Pack = 30,
            Work = new()
            {
                Rows = 840,
                Bytes = Work.About(45),
                PromptBytes = 1200,
                Schema = Work.Parse("""{"type":"object","required":["match"],"properties":{"match":{"enum":["Yes","No"]}}}"""),
                Answer = chance => $"\"match\":\"{(chance.Next(2) == 0 ? "Yes" : "No")}\"",
            },
            Service = new(ServiceWindow.Rpm(30)),
            Limits = new() { RequestsPerMinute = 30 },
        },
        new("lyrics: 2,000 segments, 100,000 tokens a day")
        {
            Pack = 10,
            Work = new()
            {
                Rows = 2000,
                Bytes = Work.About(160),
                PromptBytes = 1600,
                Schema = Work.Parse(
                    """
                    {"type":"object","required":["quotable","mood"],"properties":{
                      "quotable":{"type":"integer","minimum":0,"maximum":100},"mood":{"type":"string","maxLength":30}}}
                    """),
                Answer = chance => $"\"quotable\":{chance.Next(100)},\"mood\":\"{Work.Words(chance, 10)}\"",
            },
            Service = new(ServiceWindow.Rpm(30), ServiceWindow.Tpm(12_000), ServiceWindow.Tpd(100_000)),
            Limits = new() { RequestsPerMinute = 30, TokensPerMinute = 12_000, TokensPerDay = 100_000 },
        },
        new("sessions: 5,726 segments, 100,000 tokens a day")
        {
            Pack = 20,
            Work = new()
            {
                Rows = 5726,
                Bytes = Work.LogNormal(80, 0.7, 1200),
                PromptBytes = 1600,
                Schema = Work.Parse(
                    """
                    {"type":"object","required":["label","confidence"],"properties":{
                      "label":{"enum":["IC","OOC"]},"confidence":{"type":"number","minimum":0,"maximum":1}}}
                    """),
                Answer = chance => $"\"label\":\"{(chance.Next(2) == 0 ? "IC" : "OOC")}\",\"confidence\":0.{chance.Next(10, 99)}",
            },
            Service = new(ServiceWindow.Tpd(100_000)),
            Limits = new() { TokensPerDay = 100_000 },
        },
        new("songs: 19,935 songs, 30 requests and 8,000 tokens a minute, 1,000 and 200,000 a day")
        {
            Pack = 20,
            Work = new()
            {
                Rows = 19_935,
                Bytes = Work.About(34),
                PromptBytes = 3200,
                Schema = Work.Parse(
                    """
                    {"type":"object","required":["energy","accessibility","subgenres","reasoning"],"properties":{
                      "energy":{"enum":["Very Low","Low","Medium","High","Very High"]},
                      "accessibility":{"enum":["Eclectic","Timeless","Commercial","Cheesy"]},
                      "subgenres":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","maxLength":24}},
                      "reasoning":{"type":"string","maxLength":600}}}
                    """),
                Answer = chance =>
                    $"\"energy\":\"{Work.Level(chance)}\",\"accessibility\":\"Timeless\",\"subgenres\":[\"{Work.Words(chance, 12)}\"],\"reasoning\":\"{Work.Words(chance, 120 + chance.Next(120))}\"",
            },
            Service = LimitCases.GroqFree,
            Limits = LimitCases.GroqFreeLimits,
        },
    ];
}
