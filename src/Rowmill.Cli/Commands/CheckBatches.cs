using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core;
using Rowmill.Core.Jobs;
using Rowmill.Core.Models;

namespace Rowmill.Cli.Commands;

/// <summary>What <c>check</c> tells of batches: what the services take and at which price, and what of <c>batch:</c> says nothing.</summary>
/// <param name="job">The job.</param>
/// <param name="capsOf">What a route's service takes in one batch; null where it has no batch API.</param>
internal sealed class CheckBatches(Job job, Func<Route, BatchCaps?> capsOf)
{
    private const double BytesInMb = 1e6;

    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <summary>Adds <c>batch {requests, bytes, at_once, window_seconds, enqueued_tokens, prices {input, output}}</c> to each route; null without a batch API.</summary>
    public JsonArray AddTo(JsonArray routes)
    {
        foreach (var (i, route) in job.Routes.Index())
        {
            routes[i]!["batch"] = capsOf(route) is not { } caps ? null : new JsonObject
            {
                ["requests"] = caps.Lines,
                ["bytes"] = caps.Bytes,
                ["at_once"] = caps.Concurrent,
                ["window_seconds"] = caps.Window.TotalSeconds,
                ["enqueued_tokens"] = route.Limits.EnqueuedTokens,
                ["prices"] = route.Price?.InBatch is { } price ? new JsonObject { ["input"] = price.Input, ["output"] = price.Output } : null,
            };
        }

        return routes;
    }

    /// <summary>A line for each route with a batch API.</summary>
    public IEnumerable<string> Lines()
    {
        foreach (var route in job.Routes)
        {
            if (capsOf(route) is not { } caps) continue;
            var text = string.Create(s_plain, $"{route.Name}: in a batch: {caps.Lines:N0} requests, {caps.Bytes / BytesInMb:N0} MB, {caps.Window.TotalHours:0.#} h at most");
            if (caps.Concurrent is { } most) text += string.Create(s_plain, $"; {most:N0} batches at a time");
            if (route.Limits.EnqueuedTokens is { } queue) text += string.Create(s_plain, $"; {queue:N0} enqueued tokens");
            if (route.Price is { } price)
            {
                var half = price.BatchInput is null || price.BatchOutput is null ? ", half of the others where it is not known" : "";
                text += string.Create(s_plain, $"; USD per million tokens: {price.InBatch.Input:0.######} input, {price.InBatch.Output:0.######} output{half}");
            }

            yield return text;
        }
    }

    /// <summary>What is written and says nothing, or will surprise.</summary>
    public IEnumerable<Problem> Warnings()
    {
        var caps = job.Routes.Select(capsOf).ToList();
        foreach (var (i, route) in job.Routes.Index())
        {
            if (caps[i] is null && route.Limits.EnqueuedTokens is not null)
                yield return At($"models[{i}].limits.enqueued_tokens", $"{route.Name} has no batch API, so this never binds.", "Leave it out.");
        }

        if (job.Batch == BatchOptions.Default) yield break;
        if (caps.TrueForAll(c => c is null))
        {
            yield return At("batch", "None of the job's models has a batch API, so this says nothing.", "Leave it out, or use a model that has one.");
            yield break;
        }

        if (job.Batch.Rollout.Count == 0 && job.Batch.Gate != BatchOptions.DefaultGate)
            yield return At("batch.gate", "A gate is for the stages of a rollout, and there is none.", "Write rollout: [100, 500, 2000] beside it, or run with --gate.");
        if (job.Batch.Deadline is { } deadline && caps.OfType<BatchCaps>().Max(c => c.Window) is var window && deadline < window)
        {
            yield return At(
                "batch.deadline",
                string.Create(s_plain, $"{deadline.TotalHours:0.##} h are less than the {window.TotalHours:0.#} h within which a batch is promised: what is not back by then is cancelled and asked online."),
                "Give it more time, or ask online with rowmill run.");
        }

        Problem At(string key, string message, string fix) => job.Locate(new Problem(message) { Key = key, Fix = fix });
    }
}
