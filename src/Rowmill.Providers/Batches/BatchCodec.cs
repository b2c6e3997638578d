using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Models;
using Rowmill.Core.Questions;
using Rowmill.Providers.Chat;
using Rowmill.Providers.Http;

namespace Rowmill.Providers.Batches;

/// <summary>Writes the lines of request files and reads those of result files: the bodies are those of chats. Safe for concurrent use.</summary>
internal sealed class BatchCodec
{
    private static readonly SearchValues<char> s_idChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly ChatProtocol _protocol;
    private readonly BatchLines _lines;
    private readonly RequestTemplates _templates;
    private readonly ChatReplies _replies;

    // A line does not tell what it answers: all that could have been asked, so that no refusal of a part of it is overlooked.
    private readonly ModelRequest _any;
    private WireHabits _habits;

    public BatchCodec(ChatProtocol protocol, BatchLines lines, SecretMask mask, TimeProvider clock)
    {
        (_protocol, _lines) = (protocol, lines);
        _templates = new RequestTemplates(protocol);
        _replies = new ChatReplies(protocol, mask, clock);
        _habits = protocol.Habits;
        _any = new ModelRequest
        {
            System = "any",
            User = default,
            ReplySchema = default,
            Form = StructuredOutput.StrictSchema,
            MaxOutputTokens = protocol.Route.MaxOutputTokens,
            Sampling = new SamplingOptions { Temperature = 0, TopP = 1, Seed = 0, ReasoningEffort = ThinkingEffort.None },
        };
    }

    /// <summary>See <see cref="IBatchClient.WriteLine"/>.</summary>
    public void WriteLine(IBufferWriter<byte> line, string id, ModelRequest request)
    {
        if (id.Length is 0 or > 64 || id.AsSpan().ContainsAnyExcept(s_idChars)) throw new ArgumentException($"'{id}' is no id of a line", nameof(id));
        line.Write(_lines.BeforeId);
        line.Advance(Encoding.ASCII.GetBytes(id, line.GetSpan(id.Length)));
        line.Write(_lines.BeforeBody);
        _templates.For(request, Volatile.Read(ref _habits)).Write(line, request);
        line.Write("}"u8);
    }

    /// <summary>See <see cref="IBatchClient.ReadLine"/>.</summary>
    public BatchAnswer? ReadLine(ReadOnlySpan<byte> line)
    {
        BatchLine read;
        try
        {
            if (!_lines.TryRead(line, out read)) return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }

        if (read.End is not BatchLineEnd.Done) return new BatchAnswer(read.Id, read.End, null);
        var result = Result(read);
        if (read.RequestId is { } told) result = result with { RequestId = told };
        if (!read.TellsStatus && result.Failure is { } failure) result = result with { Failure = failure with { HttpStatus = null } };
        return new BatchAnswer(read.Id, BatchLineEnd.Done, result);
    }

    private ModelResult Result(in BatchLine read)
    {
        if (read.Status == 0) return _replies.Failed(new ModelFailure(FailureKind.BadReply, "the line holds neither a reply nor an error"));
        using var response = new HttpResponseMessage((HttpStatusCode)read.Status);
        if (response.IsSuccessStatusCode)
            return _replies.Read(response, read.Body, _any, UsageBounds.OfReply(_protocol.Route, read.Body.Length), sent: 0);
        var error = ServiceError.Read(read.Body.ToArray());
        var refused = _replies.Refused(response, read.Body, _any.Form, error);
        var habits = Volatile.Read(ref _habits);
        if (_replies.Taught(response, error, _any, habits) is { } taught)
        {
            Interlocked.CompareExchange(ref _habits, taught, habits);
            return ChatReplies.AsParameterRefused(refused);
        }

        // Other lines of the file, and other files under way, were written before the first refusal taught anything.
        return _replies.Taught(response, error, _any, _protocol.Habits) is null ? refused : ChatReplies.AsParameterRefused(refused);
    }
}
