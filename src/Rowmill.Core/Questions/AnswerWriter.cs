using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>
/// Writes checked values in their stored form: compact, strings escaped no more than <see cref="JavaScriptEncoder.UnsafeRelaxedJsonEscaping"/>
/// does, numbers as they came. Equal to what a relaxed <see cref="Utf8JsonWriter"/> makes of them.
/// </summary>
internal struct AnswerWriter(int capacity) : IDisposable
{
    private static readonly JavaScriptEncoder s_encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 16));
    private int _length;

    /// <summary>A copy of what was written.</summary>
    public readonly byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    /// <inheritdoc />
    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    public void Write(byte symbol)
    {
        Reserve(1);
        _buffer[_length++] = symbol;
    }

    public void Write(ReadOnlySpan<byte> json)
    {
        Reserve(json.Length);
        json.CopyTo(_buffer.AsSpan(_length));
        _length += json.Length;
    }

    /// <summary>Opens a member: a comma unless it is the first, its name, a colon.</summary>
    public void Name(JsonProperty member)
    {
        Comma();
        Text(JsonMarshal.GetRawUtf8PropertyName(member));
        Write((byte)':');
    }

    /// <summary>Opens a member by its stored name with quotes.</summary>
    public void Name(ReadOnlySpan<byte> quoted)
    {
        Comma();
        Write(quoted);
        Write((byte)':');
    }

    /// <summary>A comma, unless an object or array was just opened.</summary>
    public void Comma()
    {
        if (_buffer[_length - 1] is not ((byte)'{' or (byte)'[')) Write((byte)',');
    }

    /// <summary>Any value, as it is.</summary>
    public void Value(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Text(JsonMarshal.GetRawUtf8Value(value)[1..^1]);
                break;
            case JsonValueKind.Array:
                Write((byte)'[');
                foreach (var item in value.EnumerateArray())
                {
                    Comma();
                    Value(item);
                }

                Write((byte)']');
                break;
            case JsonValueKind.Object:
                Write((byte)'{');
                foreach (var member in value.EnumerateObject())
                {
                    Name(member);
                    Value(member.Value);
                }

                Write((byte)'}');
                break;
            default:
                Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    /// <summary>The inside of a JSON string: copied where nothing in it needs an escape, otherwise decoded and escaped anew.</summary>
    private void Text(ReadOnlySpan<byte> inner)
    {
        Write((byte)'"');
        if (s_encoder.FindFirstCharacterToEncodeUtf8(inner) < 0) Write(inner);
        else if (JsonStrings.TryUnescape(inner, out var text)) Escape(text);
        else throw new InvalidOperationException("Only checked values are written.");
        Write((byte)'"');
    }

    private void Escape(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 16);
        while (true)
        {
            var status = s_encoder.EncodeUtf8(text, _buffer.AsSpan(_length), out var consumed, out var written);
            _length += written;
            if (status != OperationStatus.DestinationTooSmall) return;
            text = text[consumed..];
            Reserve((text.Length * 2) + 16);
        }
    }

    private void Reserve(int count)
    {
        if (_length + count <= _buffer.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, _buffer.Length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
