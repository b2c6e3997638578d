using System.Text.Json;
using Rowmill.Core.Models;

namespace Rowmill.Providers.Batches;

/// <summary>One service's form of the lines of request files and of result files. It holds no state.</summary>
internal abstract class BatchLines
{
    /// <summary>What stands before a line's id.</summary>
    public abstract ReadOnlySpan<byte> BeforeId { get; }

    /// <summary>What stands between the id and the body of the request.</summary>
    public abstract ReadOnlySpan<byte> BeforeBody { get; }

    /// <summary>Reads a line of a result file.</summary>
    /// <returns>False when it is none.</returns>
    /// <exception cref="JsonException">It is not one JSON object.</exception>
    public abstract bool TryRead(ReadOnlySpan<byte> line, out BatchLine read);
}

/// <summary>A line of a result file, taken apart.</summary>
/// <param name="id">The id the request was sent with.</param>
internal readonly ref struct BatchLine(string id)
{
    /// <summary>The id the request was sent with.</summary>
    public string Id { get; } = id;

    /// <summary>How it ended.</summary>
    public BatchLineEnd End { get; init; }

    /// <summary>The status the reply would have had; 0 when the line holds neither a reply nor an error.</summary>
    public int Status { get; init; }

    /// <summary>True when the line told the status itself.</summary>
    public bool TellsStatus { get; init; }

    /// <summary>The reply's body, or the refusal's.</summary>
    public ReadOnlySpan<byte> Body { get; init; }

    /// <summary>The service's id of the request, when the line told it.</summary>
    public string? RequestId { get; init; }
}
