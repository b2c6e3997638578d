using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Cli.Commands;
using Rowmill.Core;
using Rowmill.Core.Runs;

namespace Rowmill.Cli.Console;

/// <summary>A row's receipt, for people and for programs.</summary>
internal static class ReceiptText
{
    /// <summary>The row, its receipt and what it has cost.</summary>
    public static JsonObject Json(RowMatch row, RowCost cost)
    {
        var receipt = row.Verdict.Receipt;
        return new JsonObject
        {
            ["row"] = new JsonObject { ["key"] = row.Name, ["number"] = row.Number, ["id"] = row.Verdict.Key.ToString() },
            ["receipt"] = new JsonObject
            {
                ["status"] = Status(row),
                ["error"] = row.Verdict.Error,
                ["model"] = receipt?.Model,
                ["prompt"] = receipt?.Prompt,
                ["run_id"] = receipt?.RunId,
                ["call"] = receipt?.Call,
                ["attempt"] = receipt?.Attempt,
                ["attempts"] = receipt is null ? null : cost.CallsOf(receipt.RunId),
                ["tokens"] = receipt?.InputTokens is null ? null : new JsonObject
                {
                    ["input"] = receipt.InputTokens,
                    ["cached_input"] = receipt.CachedInputTokens,
                    ["output"] = receipt.OutputTokens,
                },
                ["usd"] = receipt?.Usd,
                ["latency_ms"] = receipt?.Latency is { } latency ? CallText.Milliseconds(latency) : null,
                ["from_cache"] = receipt?.FromCache,
                ["at"] = SummaryJson.Time(receipt?.At),
            },
            ["spent"] = new JsonObject
            {
                ["tokens"] = CallText.Tokens(cost.Tokens),
                ["usd"] = cost.Usd,
                ["usd_in_doubt"] = cost.UsdInDoubt,
                ["calls"] = cost.Calls,
            },
        };
    }

    /// <summary>The same for people.</summary>
    public static void Write(TextWriter people, RowMatch row, RowCost cost)
    {
        var error = row.Verdict.Error is { } why ? $" ({why})" : "";
        if (row.Verdict.Receipt is not { } receipt)
        {
            people.WriteLine($"row {row.Number}, {row.Name}: {Status(row)}{error}");
        }
        else
        {
            people.WriteLine($"row {row.Number}, {row.Name}: {Status(row)}{error} by {receipt.Model}, {Words.Time(receipt.At)}{(receipt.FromCache ? ", before the last run" : "")}");
            people.WriteLine($"  question {receipt.Prompt}, run {receipt.RunId}, call {receipt.Call}, attempt {receipt.Attempt}");
            if (receipt.InputTokens is not null)
            {
                var money = receipt.Usd is { } usd ? $", {Money(usd)}" : "";
                people.WriteLine($"  its share of the call: {receipt.InputTokens}+{receipt.OutputTokens} tokens ({receipt.CachedInputTokens} cached){money}; the call took {CallText.Took(receipt.Latency!.Value)}");
            }
        }

        if (cost.Calls == 0) return;
        var all = cost.Usd is { } spent ? $", {Money(spent)}" : "";
        var doubt = cost.UsdInDoubt > 0 ? $" ({Money(cost.UsdInDoubt)} of it at most, for calls that were never settled)" : "";
        people.WriteLine($"  spent on it in {Counted.Of(cost.Calls, "call")}: {cost.Tokens.Input}+{cost.Tokens.Output} tokens{all}{doubt}");
    }

    private static string Status(RowMatch row) => row.Verdict.Status.ToString().ToLowerInvariant();

    // A row's share is small: cents would show nothing.
    private static string Money(decimal usd) => string.Create(CultureInfo.InvariantCulture, $"{usd:0.00##########} USD");
}
