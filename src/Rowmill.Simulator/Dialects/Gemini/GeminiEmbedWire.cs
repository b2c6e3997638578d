using System.Text.Json;
using Rowmill.Simulator.Ledger;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's form of vectors: <c>:embedContent</c> for one, <c>:batchEmbedContents</c> for up to a hundred.</summary>
internal sealed class GeminiEmbedWire : EmbedWire
{
    /// <summary>How a place is marked that takes many.</summary>
    public const string Batch = "batch";

    private const int MostRequests = 100;

    /// <summary>As gemini-embedding-001 has them.</summary>
    public override int Dimensions => 3072;

    public override (EmbedRequest? Request, ErrorReply? Error) Read(JsonElement body, Place place)
    {
        var batch = place.Form == Batch;
        if ((batch ? ProtoMessages.BatchEmbedContents : ProtoMessages.EmbedContent).Check(body) is { } unknown) return (null, unknown);
        if (!batch)
        {
            var (one, wrong) = One(body, place.Model!, "* EmbedContentRequest", modelRequired: false);
            return one is null ? (null, wrong) : (Request(place.Model!, [one.Value]), null);
        }

        const string Root = "* BatchEmbedContentsRequest.requests";
        if (!Json.Has(body, "requests", out var requests) || requests.ValueKind != JsonValueKind.Array || requests.GetArrayLength() == 0)
        {
            return (null, GoogleErrors.Invalid($"{Root}: at least one request is required\n"));
        }

        if (requests.GetArrayLength() > MostRequests)
        {
            return (null, GoogleErrors.Invalid($"{Root}: at most {MostRequests} requests can be in one batch\n"));
        }

        var all = new List<(string Text, int? Dimensions)>();
        foreach (var request in requests.EnumerateArray())
        {
            var (one, wrong) = One(request, place.Model!, $"{Root}[{all.Count}]", modelRequired: true);
            if (one is null) return (null, wrong);
            all.Add(one.Value);
        }

        return (Request(place.Model!, all), null);
    }

    public override ReadOnlyMemory<byte> Write(EmbedRequest request, Place place, IReadOnlyList<Embedded> vectors, Bill bill, TimeSpan took) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        if (place.Form == Batch)
        {
            writer.WriteStartArray("embeddings");
            foreach (var (_, vector) in vectors) Values(writer, vector);
            writer.WriteEndArray();
        }
        else
        {
            writer.WritePropertyName("embedding");
            Values(writer, vectors.Count == 0 ? [] : vectors[0].Vector);
        }

        writer.WriteEndObject();
    });

    private static void Values(Utf8JsonWriter writer, float[] vector)
    {
        writer.WriteStartObject();
        if (vector.Length > 0)
        {
            writer.WritePropertyName("values");
            Vector(writer, vector);
        }

        writer.WriteEndObject();
    }

    /// <summary>One text; each of a batch names the model again.</summary>
    private static ((string Text, int? Dimensions)? One, ErrorReply? Error) One(JsonElement body, string model, string place, bool modelRequired)
    {
        var named = Json.Has(body, "model", out var name) ? name.GetString() : null;
        if (named is null ? modelRequired : named != $"models/{model}")
        {
            return (null, GoogleErrors.Invalid(named is null
                ? $"{place}.model: unexpected model name format\n"
                : $"{place}.model: model must be models/{model}\n"));
        }

        if (!Json.Has(body, "content", out var content)) return (null, GoogleErrors.Invalid($"{place}.content: contents is not specified\n"));
        var (text, flaw) = GeminiReader.Parts(content, "content");
        if (flaw is not null) return (null, flaw);
        if (text.Length == 0) return (null, GoogleErrors.Invalid($"{place}.content: content is empty\n"));
        return ((text, (int?)ProtoMessage.Integer(body, "outputDimensionality", "output_dimensionality")), null);
    }

    private static EmbedRequest Request(string model, IReadOnlyList<(string Text, int? Dimensions)> all) =>
        new(model, [.. all.Select(o => o.Text)], [.. all.Select(o => Tokens.Of(System.Text.Encoding.UTF8.GetByteCount(o.Text)))])
        {
            Dimensions = all[0].Dimensions is > 0 ? all[0].Dimensions : null,
        };
}
