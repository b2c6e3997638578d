using System.Buffers;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Chat;

/// <summary>What is wanted of a reply's body, whatever its wire.</summary>
internal struct WireReply
{
    private byte[]? _text;
    private ArrayBufferWriter<byte>? _joined;

    /// <summary>The service's id of the reply.</summary>
    public string? Id { get; set; }

    /// <summary>True when there is a message of the model, with text or without.</summary>
    public bool HasMessage { get; set; }

    /// <summary>True when the body says <c>error</c>.</summary>
    public bool HasError { get; set; }

    /// <summary>The message's text, UTF-8, thinking left out; null when it has none.</summary>
    public byte[]? Text
    {
        get
        {
            if (_joined is { } joined) (_text, _joined) = (joined.WrittenSpan.ToArray(), null);
            return _text;
        }
        set => (_text, _joined) = (value, null);
    }

    /// <summary>What the model said instead of an answer, when it refused.</summary>
    public string? Refusal { get; set; }

    /// <summary>Why it stopped.</summary>
    public ReplyEnding Ending { get; set; }

    /// <summary>Why the service let the model answer nothing at all (a blocked prompt); null when it did not.</summary>
    public string? Blocked { get; set; }

    /// <summary>Why it wrote no more, its own words or ours, when it broke off in the middle of a stream; null when it did not.</summary>
    public string? BrokeOff { get; set; }

    /// <summary>Tokens as the service told them, true or not (<see cref="UsageBounds"/>); a number that is no count is -1.</summary>
    public TokenUsage? Usage { get; set; }

    /// <summary>Adds a part of the text.</summary>
    public void Append(byte[] part)
    {
        if (_text is null)
        {
            _text = part; // nearly always the only one
            return;
        }

        if (_joined is null)
        {
            _joined = new ArrayBufferWriter<byte>();
            _joined.Write(_text);
        }

        _joined.Write(part);
    }
}
