using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rowmill.Typed;

/// <summary>Reads whole numbers in every way JSON can write them: to JSON Schema, 3.0 and 3e0 are the integer 3.</summary>
internal sealed class WholeNumberConverter<T> : JsonConverter<T>
    where T : struct, IBinaryInteger<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number) throw new JsonException("not a number");
        var text = reader.ValueSpan;
        if (T.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var value)) return value;
        if (reader.TryGetDecimal(out var number) && decimal.IsInteger(number))
        {
            try
            {
                return T.CreateChecked(number);
            }
            catch (OverflowException e)
            {
                throw new JsonException($"{number} is out of range", e);
            }
        }

        throw new JsonException("not a whole number in range");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.ToString(null, System.Globalization.CultureInfo.InvariantCulture));
}
