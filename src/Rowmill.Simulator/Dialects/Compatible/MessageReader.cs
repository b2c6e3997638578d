using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Reads <c>messages</c>: roles, and content as a string or as parts of text.</summary>
internal static class MessageReader
{
    private static readonly string[] s_fields = ["role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "audio"];

    /// <summary>The messages, or the first mistake.</summary>
    public static (IReadOnlyList<ChatMessage> Messages, ErrorReply? Error) Read(CompatibleDialect dialect, JsonElement body)
    {
        if (!body.TryGetProperty("messages", out var list) || list.ValueKind == JsonValueKind.Null) return ([], dialect.Missing("messages"));
        if (list.ValueKind != JsonValueKind.Array) return ([], dialect.WrongType("messages", "an array of objects", Json.TypeName(list)));
        if (list.GetArrayLength() == 0) return ([], dialect.EmptyArray("messages"));

        var messages = new List<ChatMessage>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            var (message, error) = One(dialect, item, messages.Count);
            if (error is not null) return ([], error);
            messages.Add(message!);
        }

        return (messages, null);
    }

    private static (ChatMessage? Message, ErrorReply? Error) One(CompatibleDialect dialect, JsonElement item, int index)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return (null, dialect.WrongType(dialect.MessagePath(index), "an object", Json.TypeName(item)));
        }

        if (!item.TryGetProperty("role", out var role)) return (null, dialect.Missing(dialect.MessagePath(index, "role")));
        if (role.ValueKind != JsonValueKind.String)
        {
            return (null, dialect.WrongType(dialect.MessagePath(index, "role"), "a string", Json.TypeName(role)));
        }

        if (dialect.Roles.Count > 0 && !dialect.Roles.Contains(role.GetString()!, StringComparer.Ordinal))
        {
            return (null, dialect.BadChoice(dialect.MessagePath(index, "role"), role.GetString()!, dialect.Roles));
        }

        if (!dialect.IgnoresUnknownFields)
        {
            foreach (var field in item.EnumerateObject())
            {
                if (!s_fields.Contains(field.Name, StringComparer.Ordinal))
                {
                    return (null, dialect.UnknownNested(dialect.MessagePath(index, field.Name)));
                }
            }
        }

        var (text, error) = Content(dialect, item, index);
        return error is null ? (new ChatMessage(role.GetString()!, text), null) : (null, error);
    }

    private static (string Text, ErrorReply? Error) Content(CompatibleDialect dialect, JsonElement item, int index)
    {
        var path = dialect.MessagePath(index, "content");
        var calls = item.TryGetProperty("tool_calls", out var made) && made.ValueKind == JsonValueKind.Array;
        if (!item.TryGetProperty("content", out var content)) return calls ? ("", null) : ("", dialect.Missing(path));
        if (content.ValueKind == JsonValueKind.String) return (content.GetString()!, null);
        if (content.ValueKind == JsonValueKind.Null && calls) return ("", null);
        if (content.ValueKind != JsonValueKind.Array)
        {
            return ("", dialect.WrongType(path, "one of a string or array of objects", Json.TypeName(content)));
        }

        if (content.GetArrayLength() == 0) return ("", dialect.EmptyArray(path));
        var texts = new List<string>(content.GetArrayLength());
        foreach (var part in content.EnumerateArray())
        {
            var place = $"{path}[{texts.Count}]";
            if (part.ValueKind != JsonValueKind.Object) return ("", dialect.WrongType(place, "an object", Json.TypeName(part)));
            if (!part.TryGetProperty("type", out var type)) return ("", dialect.Missing($"{place}.type"));
            if (type.ValueKind != JsonValueKind.String || !type.ValueEquals("text")) return ("", dialect.NotSimulated($"{place}.type"));
            if (!part.TryGetProperty("text", out var text)) return ("", dialect.Missing($"{place}.text"));
            if (text.ValueKind != JsonValueKind.String) return ("", dialect.WrongType($"{place}.text", "a string", Json.TypeName(text)));
            texts.Add(text.GetString()!);
        }

        return (string.Concat(texts), null);
    }
}
