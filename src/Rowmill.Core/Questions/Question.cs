using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>Prompt + answer schema + sampling options (the fields shown are part of each row's key): what is asked of every row.</summary>
public sealed record Question
{
    // Not a field: an edited copy of a record would keep the fingerprint of what it was copied from.
    private static readonly ConditionalWeakTable<Question, string> s_fingerprints = [];

    /// <summary>The instruction, for the system message.</summary>
    public required string Prompt { get; init; }

    /// <summary>What an answer must be.</summary>
    public required AnswerSchema Schema { get; init; }

    /// <summary>Whether the model may say why it cannot answer.</summary>
    public bool Abstain { get; init; }

    /// <summary>Sampling options.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>The names of the fields shown, in order; empty for all. They belong to the question's identity.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>
    /// 32 hexadecimal digits over everything that changes what is asked: answers stored under another fingerprint do not count.
    /// </summary>
    public string Fingerprint => s_fingerprints.GetValue(this, q => q.ComputeFingerprint());

    private string ComputeFingerprint()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue("rowmill question 1");
            json.WriteStringValue(Prompt);
            json.WriteRawValue(Schema.Json.Span);
            json.WriteBooleanValue(Abstain);
            Number(Sampling.Temperature);
            Number(Sampling.TopP);
            Number(Sampling.Seed);
            json.WriteStringValue(Sampling.ReasoningEffort);
            Number(Sampling.MaxOutputTokens);
            foreach (var field in Fields) json.WriteStringValue(field);
            json.WriteEndArray();

            void Number(double? value)
            {
                if (value is { } v) json.WriteNumberValue(v);
                else json.WriteNullValue();
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan).AsSpan(0, 16));
    }
}
