using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Core;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Dialects;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Http;

/// <summary>What no provider has: the simulator's own paths, by which a test looks at it and moves it.</summary>
internal sealed class Controls(
    Dialect main, Replies replies, Func<SimulatorStats> stats, Action reset, ShiftedClock clock, BatchFaultPlan faults)
{
    /// <summary>Ten years: more cannot be meant.</summary>
    private const double MostSeconds = 10 * 365.25 * 86400;

    /// <summary>What serves a request; null when it is none of these paths.</summary>
    public Func<HttpContext, Task>? Find(string method, string path) => (method, path) switch
    {
        ("GET", "/stats") => context => SendAsync(context, StatsBody.Write(stats())),
        ("POST", "/reset") => ResetAsync,
        ("GET", "/clock") => context => SendAsync(context, Clock()),
        ("POST", "/clock") => AdvanceAsync,
        ("GET", "/batch-faults") => context => SendAsync(context, Faults()),
        ("POST", "/batch-faults") => SetFaultsAsync,
        _ => null,
    };

    private Task ResetAsync(HttpContext context)
    {
        reset();
        return SendAsync(context, "{}"u8.ToArray());
    }

    private async Task AdvanceAsync(HttpContext context)
    {
        var read = JsonBody.Read(await RequestBody.ReadAsync(context), static (root, _) => Seconds(root), 0);
        if (read is not { } seconds || seconds is not (>= 0 and <= MostSeconds))
        {
            await WrongAsync(context, "Send {\"advance_seconds\": N}, from 0 to ten years.");
            return;
        }

        clock.Advance(TimeSpan.FromSeconds(seconds));
        await SendAsync(context, Clock());

        static double Seconds(JsonElement root) =>
            root.TryGetProperty("advance_seconds", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : -1;
    }

    private async Task SetFaultsAsync(HttpContext context)
    {
        var read = JsonBody.Read<int, Given>(await RequestBody.ReadAsync(context), static (root, _) => Texts(root), 0);
        if (read is not { Texts: { } texts })
        {
            await WrongAsync(context, "Send {\"faults\": [\"NAME[=VALUE][:N]\", …]}; an empty list ends them all.");
            return;
        }

        try
        {
            faults.Set([.. texts.Select(SimulatorBatchFaultRule.Parse)]);
        }
        catch (ProblemException e)
        {
            await WrongAsync(context, e.Message);
            return;
        }

        await SendAsync(context, Faults());

        static Given Texts(JsonElement root) =>
            root.TryGetProperty("faults", out var list) && list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(f => f.ValueKind == JsonValueKind.String)
                ? new Given([.. list.EnumerateArray().Select(f => f.GetString()!)])
                : default;
    }

    private byte[] Clock() => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("now", clock.GetUtcNow());
        writer.WriteNumber("advanced_seconds", clock.Shift.TotalSeconds);
        writer.WriteEndObject();
    });

    private byte[] Faults() => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("faults");
        foreach (var rule in faults.Rules) writer.WriteStringValue(rule.ToString());
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body) => replies.SendAsync(context, main, 200, "application/json", body);

    private Task WrongAsync(HttpContext context, string message) => replies.SendAsync(context, main, 400, "application/json", Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("error", message);
        writer.WriteEndObject();
    }));

    private readonly record struct Given(IReadOnlyList<string>? Texts);
}
