#region usings
using Microsoft.Extensions.AI;                  // IChatClient and what it gives and takes
using Microsoft.Extensions.DependencyInjection; // IServiceCollection, for AddRowmill
using Rowmill;                                  // RowmillJob, RowmillService, AddRowmill
using Rowmill.Core.Models;                      // Route, RouteLimits, Price
using Rowmill.Core.Outputs;                     // RowStatus
using Rowmill.Core.Runs;                        // RunOptions, RunSummary
#endregion

// Outside the house's namespaces, as a user's program is.
namespace Guide;

/// <summary>The code of the guide of the package: each region is one of its blocks, and a test runs it.</summary>
internal static class GuideCode
{
    public static void Add(IServiceCollection services)
    {
        #region services
        services.AddRowmill(options => options.StorePath = "data/rowmill.db");
        #endregion
    }

    public static async Task SmallestAsync(RowmillService rowmill, IAsyncEnumerable<Track> tracks, TextWriter output)
    {
        #region smallest
        var job = RowmillJob.Over("tracks", tracks)
            .Ask<Verdict>("Judge how much this song moves, from still to relentless.")
            .Model("groq/openai/gpt-oss-20b", limits: "groq-free");

        await foreach (var row in rowmill.RunAsync(job))
        {
            if (row.IsAnswered) output.WriteLine($"{row.Row.Title}: {row.Answer.Drive}");
            else output.WriteLine($"{row.Row.Title}: {row.Status}, {row.Reason}");
        }
        #endregion
    }

    public static RowmillJob<Track, Verdict> Whole(IReadOnlyList<Track> tracks)
    {
        #region job
        var job = RowmillJob.Over("tracks", tracks)
            .Ask<Verdict>("Judge how much this song moves, from still to relentless.")
            .Fields(track => track.Title, track => track.Artist)    // what the model sees; every property without it
            .Require(track => track.Title)                          // blank here: invalid, not sent
            .Abstain()                                              // the model may say that it does not know the song
            .Pack(20)                                               // rows in a request, at most
            .Model("groq/openai/gpt-oss-20b", limits: "groq-free")  // key in GROQ_API_KEY
            .Model("openai/gpt-4.1-mini", change: route => route with
            {
                Limits = new RouteLimits { RequestsPerMinute = 500, TokensPerMinute = 200_000 },
                Price = new Price(Input: 0.40m, Output: 1.60m),
            })
            .Patience(TimeSpan.FromMinutes(2))                      // a longer limit: the next model, or a clean stop
            .Budget(5)                                              // USD, over all runs of the job
            .ToCsv("tracks-labelled.csv");                          // besides the results; leave it out for none
        #endregion
        return job;
    }

    public static async Task<RunState> WatchAsync(RowmillService rowmill, RowmillJob<Track, Verdict> job, TextWriter output, CancellationToken cancellationToken)
    {
        #region watch
        await using var run = rowmill.Start(job, new RunOptions { MaxUsd = 2, RetryFailed = true }, cancellationToken);

        await foreach (var e in run.Events) output.WriteLine($"{e.At:T} {e.Kind} {e.Data.ToJsonString()}");

        RunSummary summary = await run.Completion;
        output.WriteLine($"{summary.State}: {summary.Rows.Answered} of {summary.Rows.Total}, {summary.Usd} USD. {summary.Message}");

        await foreach (var row in run.Results.Where(row => row.Status == RowStatus.Failed))
            output.WriteLine($"{row.Row.Title}: {row.Reason}");
        #endregion
        return summary.State;
    }

    public static RowmillJob<Track, Verdict> Client(RowmillJob<Track, Verdict> job, IChatClient client)
    {
        #region client
        job = job.Model(client, "acme/large", route => route with { Limits = new RouteLimits { RequestsPerMinute = 60 }, Price = new Price(1, 4) });
        #endregion
        return job;
    }

    public static async Task<string> ChatAsync(RowmillService rowmill)
    {
        #region chat
        IChatClient chat = rowmill.AsChatClient("groq/openai/gpt-oss-20b", limits: "groq-free");
        ChatResponse response = await chat.GetResponseAsync("Which decade brought disco?");
        #endregion
        return response.Text;
    }
}
