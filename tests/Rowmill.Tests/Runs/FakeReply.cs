using System.Text;
using Rowmill.Core.Models;

namespace Rowmill.Tests.Runs;

/// <summary>What a fake model says.</summary>
internal static class FakeReply
{
    /// <summary>A valid answer for every row.</summary>
    public static ModelResult Good(FakeCall call, string energy = "Low") => Each(call, _ => $"\"energy\":\"{energy}\"");

    /// <summary>One entry for each row, with its id and these members; no entry where they are null.</summary>
    public static ModelResult Each(FakeCall call, Func<string, string?> members, ReplyEnding ending = ReplyEnding.Complete)
    {
        var entries = call.Titles.Index().Where(t => members(t.Item) is not null).Select(t => $"{{\"id\":{t.Index + 1},{members(t.Item)}}}");
        return Text(call, $"{{\"rows\":[{string.Join(',', entries)}]}}", ending);
    }

    /// <summary>A reply of this text; it takes 100 tokens and 10 for each row.</summary>
    public static ModelResult Text(FakeCall call, string text, ReplyEnding ending = ReplyEnding.Complete) => new()
    {
        Reply = new ModelReply(Encoding.UTF8.GetBytes(text), ending, new TokenUsage(100, 0, 10 * call.Titles.Count)),
    };

    /// <summary>No reply.</summary>
    public static ModelResult Fail(FailureKind kind, TimeSpan? retryAfter = null) =>
        new() { Failure = new ModelFailure(kind, $"it says {kind}") { RetryAfter = retryAfter } };
}
