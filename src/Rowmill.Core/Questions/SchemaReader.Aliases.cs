using System.Text;
using System.Text.Json;

namespace Rowmill.Core.Questions;

/// <summary>The extension <c>aliases</c>: other words for the labels beside it. They are ours alone, so they are never written out again.</summary>
internal sealed partial class SchemaReader
{
    private void ReadAliases(SchemaNode node, JsonElement schema, string path)
    {
        if (!schema.TryGetProperty("aliases", out var aliases)) return;
        var at = Join(path, "aliases");
        if (aliases.ValueKind != JsonValueKind.Object)
        {
            Report(at, $"Must be an object from aliases to labels, not {AnswerErrors.Show(aliases)}.", "Write it like aliases: { Hi: High }.");
            return;
        }

        if (!schema.TryGetProperty("enum", out _) && !schema.TryGetProperty("enum_file", out _))
        {
            Report(at, "Aliases stand for labels, but there is no 'enum' or 'enum_file' beside them.", "Move them there.");
            return;
        }

        // Labels that could not be read have been reported.
        if (node.Enum is not { } labels) return;
        var earlier = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var alias in aliases.EnumerateObject()) ReadAlias(labels, alias, Join(at, alias.Name), seen, earlier);
    }

    private void ReadAlias(AllowedValues labels, JsonProperty alias, string at, HashSet<string> seen, Dictionary<string, string> earlier)
    {
        var target = alias.Value.ValueKind == JsonValueKind.String ? alias.Value.GetString()! : null;
        var label = target is null ? -1 : labels.Find(Encoding.UTF8.GetBytes(target));
        var form = LabelForm.Of(Encoding.UTF8.GetBytes(alias.Name));
        if (!seen.Add(alias.Name))
        {
            Report(at, $"The alias '{alias.Name}' stands here twice.", "Remove one.");
        }
        else if (target is null)
        {
            Report(at, $"An alias stands for one label, not for {AnswerErrors.Show(alias.Value)}.", null);
        }
        else if (label < 0)
        {
            Report(at, $"{AnswerErrors.Show(alias.Value)} is not one of the labels {labels.Shown}.", NearestName.Suggest(target, labels.Labels));
        }
        else if (form.Length == 0)
        {
            Report(at, $"The alias '{alias.Name}' is blank: nothing cannot stand for a label.", "Remove it.");
        }
        else if (!labels.AddAlias(form, label))
        {
            var message = earlier.TryGetValue(form, out var other)
                ? $"The aliases '{other}' and '{alias.Name}' differ only by case, space or hyphen, but stand for two labels."
                : $"The alias '{alias.Name}' differs only by case, space or hyphen from a label that it does not stand for.";
            Report(at, message, "Remove it.");
        }
        else
        {
            earlier.TryAdd(form, alias.Name);
        }
    }
}
