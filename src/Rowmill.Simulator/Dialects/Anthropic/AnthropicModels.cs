using System.Text.Json;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary><c>GET /v1/models</c>: by pages that begin after a model, newest first.</summary>
internal static class AnthropicModels
{
    private const int Page = 20, LongestPage = 1000;

    /// <summary>The list, or one of them.</summary>
    /// <param name="dialect">Whose words a mistake gets.</param>
    /// <param name="question">The request.</param>
    /// <param name="known">False when any name will do.</param>
    public static Told Tell(AnthropicDialect dialect, Question question, bool known)
    {
        var models = question.Models;
        if (question.Place.Model is { } name)
        {
            return known && !models.Contains(name, StringComparer.Ordinal)
                ? dialect.UnknownModel(name)
                : new Told(Json.Bytes(writer => Model(writer, name)));
        }

        var limit = question.Query["limit"].ToString();
        var page = Page;
        if (limit.Length > 0 && (!int.TryParse(limit, out page) || page is < 1 or > LongestPage))
        {
            return dialect.Refuse($"limit: Input should be between 1 and {LongestPage}");
        }

        var after = question.Query["after_id"].ToString();
        var from = after.Length == 0 ? 0 : models.ToList().IndexOf(after) + 1;
        var shown = models.Skip(from).Take(page).ToList();
        return new Told(Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("data");
            foreach (var model in shown) Model(writer, model);
            writer.WriteEndArray();
            writer.WriteBoolean("has_more", from + shown.Count < models.Count);
            writer.WriteString("first_id", shown.FirstOrDefault());
            writer.WriteString("last_id", shown.LastOrDefault());
            writer.WriteEndObject();
        }));
    }

    private static void Model(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "model");
        writer.WriteString("id", name);
        writer.WriteString("display_name", name);
        writer.WriteString("created_at", "1970-01-01T00:00:00Z");
        writer.WriteEndObject();
    }
}
