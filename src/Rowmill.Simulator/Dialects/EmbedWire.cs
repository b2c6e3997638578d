using System.Text.Json;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects;

/// <summary>One provider's form of a request for vectors.</summary>
internal abstract class EmbedWire
{
    /// <summary>The length of a vector when the request names none.</summary>
    public abstract int Dimensions { get; }

    /// <summary>True when each vector tells whose it is, so that their order is free.</summary>
    public virtual bool TellsIndex => false;

    /// <summary>The request, or the first mistake.</summary>
    public abstract (EmbedRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place);

    /// <summary>The body of a 200.</summary>
    public abstract ReadOnlyMemory<byte> Write(EmbedRequest request, Place place, IReadOnlyList<Embedded> vectors, Bill bill, TimeSpan took);

    protected static void Vector(Utf8JsonWriter writer, float[] vector)
    {
        writer.WriteStartArray();
        foreach (var value in vector) writer.WriteNumberValue(value);
        writer.WriteEndArray();
    }
}
