using System.Globalization;
using System.Text.Json.Nodes;
using Rowmill.Core.Stores;

namespace Rowmill.Cli.Commands;

/// <summary>The size of packs that a run has settled on, for one route and rows of one length.</summary>
/// <param name="Model">The route.</param>
/// <param name="RowTokens">The rows' length in tokens, such as <c>64-255</c>.</param>
/// <param name="Rows">Rows of a pack.</param>
/// <param name="Reason">Why.</param>
internal sealed record PackSizes(string Model, string RowTokens, long Rows, string Reason)
{
    /// <summary>What a run told last of each, in the order in which they came up.</summary>
    public static async Task<IReadOnlyList<PackSizes>> ReadAsync(IEventLog events, string runId, CancellationToken cancellationToken)
    {
        var sizes = new OrderedDictionary<(string, string), PackSizes>();
        await foreach (var e in events.ReadAsync(runId, 0, cancellationToken))
        {
            if (e.Kind != "pack_size" || (string?)e.Data["model"] is not { } model || (string?)e.Data["row_tokens"] is not { } tokens) continue;
            sizes[(model, tokens)] = new(model, tokens, (long?)e.Data["rows"] ?? 0, (string?)e.Data["reason"] ?? "");
        }

        return [.. sizes.Values];
    }

    /// <summary>As programs read them.</summary>
    public static JsonArray Json(IEnumerable<PackSizes> sizes) => new([.. sizes.Select(s => (JsonNode)new JsonObject
    {
        ["model"] = s.Model,
        ["rows"] = s.Rows,
        ["row_tokens"] = s.RowTokens,
        ["reason"] = s.Reason,
    })]);

    /// <summary>As people read it.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Model}: packs of {Rows:N0} for rows of {RowTokens} tokens ({Reason})");
}
