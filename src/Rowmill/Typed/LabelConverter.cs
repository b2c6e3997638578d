using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rowmill.Typed;

/// <summary>The labels of an enum's members, in the order of their declaration.</summary>
internal static class Labels
{
    /// <summary>
    /// Each member with its label: <see cref="JsonStringEnumMemberNameAttribute"/>, <see cref="EnumMemberAttribute"/> or
    /// <see cref="JsonPropertyNameAttribute"/>, in this order; otherwise its name.
    /// </summary>
    public static IReadOnlyList<(FieldInfo Member, string Label)> Of(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(member => (member, Label(member)))];

    private static string Label(FieldInfo member) =>
        member.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
        ?? member.GetCustomAttribute<EnumMemberAttribute>()?.Value
        ?? member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        ?? member.Name;
}

/// <summary>Reads and writes every enum by its labels.</summary>
internal sealed class LabelConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(LabelConverter<>).MakeGenericType(typeToConvert))!;
}

/// <summary>Reads and writes an enum by its labels, and nothing else: no number, no other case.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by its factory.")]
internal sealed class LabelConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private readonly Dictionary<string, T> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<T, string> _labels = [];

    public LabelConverter()
    {
        foreach (var (member, label) in Labels.Of(typeof(T)))
        {
            var value = (T)member.GetValue(null)!;
            _values.TryAdd(label, value);
            _labels.TryAdd(value, label);
        }
    }

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && _values.TryGetValue(reader.GetString()!, out var value)
            ? value
            : throw new JsonException($"not a label of {typeof(T).Name}");

    // A value without a label (a combination of flags) is shown as .NET shows it.
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(_labels.TryGetValue(value, out var label) ? label : value.ToString());

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        _values.TryGetValue(reader.GetString()!, out var value) ? value : throw new JsonException($"not a label of {typeof(T).Name}");

    public override void WriteAsPropertyName(Utf8JsonWriter writer, [DisallowNull] T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(_labels.TryGetValue(value, out var label) ? label : value.ToString());
}
