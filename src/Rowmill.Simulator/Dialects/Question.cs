using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects;

/// <summary>A request that needs no model.</summary>
/// <param name="Place">Where it was sent.</param>
/// <param name="Query">Its query.</param>
/// <param name="Body">Its body; undefined when it has none.</param>
/// <param name="Models">The models there are.</param>
/// <param name="Loaded">The models that were asked something.</param>
/// <param name="Now">The time.</param>
internal sealed record Question(
    Place Place, IQueryCollection Query, JsonElement Body, IReadOnlyList<string> Models, IReadOnlyList<string> Loaded, DateTimeOffset Now);

/// <summary>The answer to a <see cref="Question"/>: a body, or a refusal.</summary>
internal readonly record struct Told(ReadOnlyMemory<byte> Body, ErrorReply? Error = null)
{
    public string ContentType { get; init; } = "application/json";

    public static implicit operator Told(ErrorReply error) => new(default, error);
}
