using System.Text;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Providers;

/// <summary>Whatever a service says of its limits, it is a value and never an exception.</summary>
public sealed class LimitFuzzTests
{
    private const int Rounds = 4000;

    private static readonly string[] s_providers = ["openai", "groq", "ollama", "simulator", "openai-compatible"];

    private static readonly string[] s_names =
    [
        "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-ratelimit-limit-tokens",
        "X-RATELIMIT-REMAINING-TOKENS", "x-ratelimit-reset-tokens", "x-ratelimit-limit-project-tokens", "x-ratelimit-remaining-project-tokens",
        "x-ratelimit-reset-project-tokens", "x-ratelimit-", "x-ratelimit-limit", "x-ratelimit-limit-", "x-ratelimit--requests", "retry-after", "retry-after-ms",
    ];

    private static readonly string[] s_values =
    [
        "0", "1", "-1", "59", "60", "5000", "4999", "12ms", "1m26.4s", "6m0s", "", " ", ",", "5,5", "1e308", "NaN", "-Infinity", "9223372036854775808",
        "99999999999999999999999h", "0.0000001", "soon", "1 2", "🙂", "2026-03-01T12:01:30Z", "Sun, 01 Mar 2026 12:01:30 GMT", "٣",
    ];

    private static readonly string[] s_bodies =
    [
        """{"error":{"message":"Rate limit reached for model `m` in organization `o` on tokens per day (TPD): Limit 200000, Used 197494, Requested 4035. Please try again in 11m0.528s.","type":"tokens","code":"rate_limit_exceeded"}}""",
        """{"error":{"message":"Request too large for gpt-x on tokens per min (TPM): Limit 30,000, Requested 31,000.","type":"tokens","code":"rate_limit_exceeded"}}""",
        GoogleQuotaTests.Body(
            GoogleQuotaTests.Violation("x/generate_content_free_tier_requests", "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20"),
            GoogleQuotaTests.Violation("x/input_token_count", "GenerateContentInputTokensPerModelPerMinute-FreeTier", null)),
        "(TPM): Limit 999999999999999999999, Used (, Requested ,1", "Limit Limit limit 0 (RPM)", "", "slow down",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Nothing_is_thrown_and_no_reading_is_absurd(int seed)
    {
        var chance = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var status = Pick(chance, [200, 400, 413, 429, 429, 429, 503]);
            var body = status == 200 ? Encoding.UTF8.GetBytes("""{"choices":[{"message":{"content":"{}"}}]}""") : Mutated(chance, Pick(chance, s_bodies));
            var headers = Enumerable.Range(0, chance.Next(9)).Select(_ => (Pick(chance, s_names), Pick(chance, s_values))).ToArray();
            var route = Given.Route(Pick(chance, s_providers));
            var result = await Given.Client(new ScriptedHttp().Reply(status, body, headers), route).AskAsync(Given.Request());

            var told = $"round {round}: {string.Join(" ", headers)} {Encoding.UTF8.GetString(body)}";
            Assert.True(result.Limits.DistinctBy(l => l.Window).Count() == result.Limits.Count, told);
            Assert.True(result.Failure?.RetryAfter is not { } wait || wait >= TimeSpan.Zero && wait <= TimeSpan.FromDays(3650), told);
            foreach (var limit in result.Limits) Assert.True(IsSensible(limit, status), $"{limit} in {told}");
            if (result.Failure?.Window is { } window) Assert.True(result.Limits[0] is { Refused: true } first && first.Window == window, told);
        }
    }

    private static bool IsSensible(LimitReading limit, int status) =>
        limit.Limit is null or >= 0 && (limit.Limit is not 0 || status == 429 || limit.Refused)
        && limit.Remaining is null or >= 0 && !(limit.Remaining > limit.Limit) && (limit.Refused || limit.Limit is not null || limit.Remaining is not null)
        && limit.Used is null or >= 0 && limit.Requested is null or >= 0
        && (limit.FullIn is not { } full || full >= TimeSpan.Zero && full <= TimeSpan.FromDays(2)) && !(limit.OpensIn < TimeSpan.Zero);

    // Bytes of the body are changed, left out, doubled or swapped for a digit.
    private static byte[] Mutated(Random chance, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text).ToList();
        for (var n = chance.Next(6); n > 0 && bytes.Count > 0; n--)
        {
            var at = chance.Next(bytes.Count);
            switch (chance.Next(4))
            {
                case 0:
                    bytes[at] = (byte)chance.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(chance.Next(1, 40), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(chance.Next(1, 40), bytes.Count - at)));
                    break;
                default:
                    bytes[at] = (byte)('0' + chance.Next(10));
                    break;
            }
        }

        return [.. bytes];
    }

    private static T Pick<T>(Random chance, T[] among) => among[chance.Next(among.Length)];
}
