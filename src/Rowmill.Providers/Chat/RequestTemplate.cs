using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Chat;

/// <summary>
/// A request's body with the user message and some numbers left out. All else is the same for every request of a job, so it is encoded
/// once and kept.
/// </summary>
internal sealed class RequestTemplate
{
    // A number of 64 bits has at most 20 characters.
    private const int Digits = 20;

    private readonly Piece[] _pieces;
    private readonly byte[] _end;
    private readonly int _length;
    private readonly ModelRequest _request;
    private readonly WireHabits _habits;

    internal RequestTemplate(ModelRequest request, WireHabits habits, Piece[] pieces, byte[] end, IReadOnlyList<string> losses)
    {
        // The caller's buffers may be used again.
        _request = request with { User = default, ReplySchema = request.ReplySchema.ToArray() };
        (_habits, _pieces, _end, Losses) = (habits, pieces, end, losses);
        _length = end.Length + pieces.Sum(p => p.Before.Length + Digits);
    }

    /// <summary>What the request says and the body does not, one line each.</summary>
    public IReadOnlyList<string> Losses { get; }

    /// <summary>Whether it was made of a request that differs in nothing it holds.</summary>
    public bool Fits(ModelRequest request, WireHabits habits) =>
        request.Form == _request.Form
        && habits == _habits
        && request.Sampling == _request.Sampling
        && request.System == _request.System
        && request.Earlier.SequenceEqual(_request.Earlier)
        && request.ReplySchema.Span.SequenceEqual(_request.ReplySchema.Span);

    /// <summary>Writes the body of a request.</summary>
    public void Write(IBufferWriter<byte> body, ModelRequest request)
    {
        body.GetSpan(_length + request.User.Length + request.User.Length / 4 + 64);
        foreach (var piece in _pieces)
        {
            body.Write(piece.Before);
            if (piece.Number is null)
            {
                AppendEscaped(body, request.User.Span);
                continue;
            }

            Utf8Formatter.TryFormat(piece.Number(request), body.GetSpan(Digits), out var digits);
            body.Advance(digits);
        }

        body.Write(_end);
    }

    private static void AppendEscaped(IBufferWriter<byte> body, ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var status = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, body.GetSpan(32), out var read, out var written);
            body.Advance(written);
            text = text[read..];
            if (status is OperationStatus.Done) return;
            body.GetSpan(text.Length + text.Length / 2 + 32);
        }
    }

    /// <summary>A slot and the bytes between it and the one before.</summary>
    /// <param name="Before">The bytes.</param>
    /// <param name="Number">What stands in the slot; null for the user message.</param>
    internal sealed record Piece(byte[] Before, Func<ModelRequest, long>? Number);
}

/// <summary>Writes a <see cref="RequestTemplate"/>: JSON, with slots for what differs from request to request.</summary>
internal sealed class TemplateWriter : IDisposable
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<RequestTemplate.Piece> _pieces = [];
    private readonly List<string> _losses = [];
    private int _from;

    public TemplateWriter() => Json = new Utf8JsonWriter(_bytes, s_options);

    /// <summary>Writes all that is the same in every request.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>The user message, as a string value.</summary>
    public void User()
    {
        Json.WriteStringValue(""u8);
        Json.Flush();
        Cut(_bytes.WrittenCount - 1, _bytes.WrittenCount - 1, null);
    }

    /// <summary>The turns of a chat as the property <c>messages</c>: the system text, if there is any, what was said before, the user message.</summary>
    public void Messages(ModelRequest request)
    {
        Json.WriteStartArray("messages"u8);
        Message("system"u8, request.System);
        foreach (var turn in request.Earlier) Message(turn.IsModel ? "assistant"u8 : "user"u8, turn.Text);
        Json.WriteStartObject();
        Json.WriteString("role"u8, "user"u8);
        Json.WritePropertyName("content"u8);
        User();
        Json.WriteEndObject();
        Json.WriteEndArray();
    }

    /// <summary>A property whose number differs from request to request.</summary>
    public void Number(string name, Func<ModelRequest, long> value)
    {
        Json.WriteNumber(name, 0);
        Json.Flush();
        Cut(_bytes.WrittenCount - 1, _bytes.WrittenCount, value);
    }

    /// <summary>A property whose value is a schema, on one line however it was given: a body may be a line of a file.</summary>
    public void Schema(string name, ReadOnlyMemory<byte> schema)
    {
        Json.WritePropertyName(name);
        using var document = JsonDocument.Parse(schema);
        document.RootElement.WriteTo(Json);
    }

    private void Message(ReadOnlySpan<byte> role, string content)
    {
        if (content.Length == 0) return;
        Json.WriteStartObject();
        Json.WriteString("role"u8, role);
        Json.WriteString("content"u8, content);
        Json.WriteEndObject();
    }

    /// <summary>Notes what the body does not say.</summary>
    public void Lose(string line)
    {
        if (!_losses.Contains(line)) _losses.Add(line);
    }

    /// <summary>Notes what a translated schema does not say.</summary>
    public void Lose(IEnumerable<string> lines)
    {
        foreach (var line in lines) Lose(line);
    }

    public RequestTemplate Template(ModelRequest request, WireHabits habits)
    {
        Json.Flush();
        return new RequestTemplate(request, habits, [.. _pieces], _bytes.WrittenSpan[_from..].ToArray(), _losses);
    }

    public void Dispose() => Json.Dispose();

    private void Cut(int at, int next, Func<ModelRequest, long>? number)
    {
        _pieces.Add(new RequestTemplate.Piece(_bytes.WrittenSpan[_from..at].ToArray(), number));
        _from = next;
    }
}

/// <summary>The templates of one client; safe for concurrent use.</summary>
/// <param name="protocol">Writes them.</param>
internal sealed class RequestTemplates(ChatProtocol protocol)
{
    // Jobs that share a client, and the lesser forms one falls back to.
    private const int Kept = 8;

    private RequestTemplate[] _templates = [];

    public RequestTemplate For(ModelRequest request, WireHabits habits)
    {
        var known = Volatile.Read(ref _templates);
        foreach (var template in known)
            if (template.Fits(request, habits)) return template;
        using var writer = new TemplateWriter();
        protocol.Write(writer, request, habits);
        var made = writer.Template(request, habits);
        // A race loses one entry, which is made again.
        Volatile.Write(ref _templates, [made, .. known.Take(Kept - 1)]);
        return made;
    }
}
