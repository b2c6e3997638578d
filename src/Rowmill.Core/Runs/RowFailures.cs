using System.Buffers;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Packing;
using Rowmill.Core.Replies;

namespace Rowmill.Core.Runs;

/// <summary>The reasons a row can fail for, and how a failure is stored.</summary>
internal static class RowFailures
{
    public const string Missing = "missing";
    public const string InvalidAnswer = "invalid_answer";
    public const string Truncated = "truncated";
    public const string Refused = "refused";
    public const string Filtered = "filtered";
    public const string TooLarge = "too_large";
    public const string BadGeneration = "bad_generation";
    public const string BadRequest = "bad_request";
    public const string Unavailable = "unavailable";
    public const string BrokenReply = "broken_reply";

    /// <summary>How much of a reply is kept for the person, in bytes.</summary>
    private const int ReplyBytes = 2000;

    /// <summary>What a reply's ending and form say about every row it does not answer; null when they say nothing.</summary>
    public static string? Of(ModelReply reply, ReplyReading reading) => reply.Ending switch
    {
        ReplyEnding.Refused => Refused,
        ReplyEnding.Filtered => Filtered,
        ReplyEnding.Truncated => Truncated,
        _ => reading.Good == 0 && reading.Problem is not null ? BrokenReply : null,
    };

    /// <summary>Why one row has no valid answer.</summary>
    /// <param name="row">What the reply holds for it.</param>
    /// <param name="packReason">What the reply's ending and form say; null when nothing.</param>
    /// <param name="packProblem">The same for people; null for the reason's own words.</param>
    /// <param name="text">The reply to this row alone, kept for the person; empty when it was asked with others.</param>
    public static RowFailure Of(RowReading row, string? packReason, string? packProblem, ReadOnlyMemory<byte> text)
    {
        var (reason, detail) = row.Kind == RowReadingKind.Invalid
            ? (InvalidAnswer, row.Error!)
            : (packReason ?? Missing, packProblem ?? Words(packReason ?? Missing));
        return new RowFailure(reason, detail, Excerpt(text));
    }

    /// <summary>As much of a reply as is kept: of one that is too long the beginning of its first document outside thinking, where there is one.</summary>
    public static string Excerpt(ReadOnlyMemory<byte> text)
    {
        if (text.Length > ReplyBytes && JsonFinder.Find(text.Span, isRowsReserved: false, out _) is [var answer, ..]) text = text[answer.Start..];
        var length = Math.Min(text.Length, ReplyBytes);

        // Not in the middle of a character.
        while (length < text.Length && length > 0 && (text.Span[length] & 0xC0) == 0x80) length--;
        return Encoding.UTF8.GetString(text.Span[..length]);
    }

    /// <summary>The stored form: <c>{"reason":…,"detail":…,"reply":…}</c>.</summary>
    public static ReadOnlyMemory<byte> ToJson(RowFailure failure)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, CompactJson.Writer))
        {
            json.WriteStartObject();
            json.WriteString("reason"u8, failure.Reason);
            json.WriteString("detail"u8, failure.Detail);
            if (failure.Reply.Length > 0) json.WriteString("reply"u8, failure.Reply);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static string Words(string reason) => reason switch
    {
        Missing => "the reply does not answer this row",
        Truncated => "the reply was cut off before this row",
        Refused => "the model refused",
        Filtered => "the service's content filter stopped it",
        TooLarge => "the request is too large for the model",
        BrokenReply => "the reply cannot be read",
        BadGeneration => "the service rejected what the model wrote",
        BadRequest => "the service calls the request wrong",
        Unavailable => "the service fails on this row while it answers others",
        _ => reason.Replace('_', ' '),
    };
}
