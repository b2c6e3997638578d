using System.Globalization;
using System.Text.Json;

namespace Rowmill.Core.Models;

/// <summary>Reads a user's table of models: the form of known-models.json and limit-presets.json in one file; every mistake is a problem.</summary>
/// <param name="file">The file, for messages.</param>
internal sealed class UserTableReader(string file)
{
    private const int SmallestContext = 256, SmallestReply = 16, LargestContext = 100_000_000;

    // Beyond what any service grants or asks for: a larger figure is a slip of the hand.
    private const long MostLimit = 1_000_000_000_000;
    private const decimal MostUsd = 100_000;

    private static readonly string[] s_windows =
    [
        LimitNames.RequestsPerMinute, LimitNames.TokensPerMinute, LimitNames.InputTokensPerMinute, LimitNames.OutputTokensPerMinute,
        LimitNames.RequestsPerDay, LimitNames.TokensPerDay, LimitNames.EnqueuedTokens,
    ];

    private readonly List<Problem> _problems = [];
    private JsonLines? _lines;

    /// <summary>Every mistake found.</summary>
    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Reads the file; the table counts only when there is no problem.</summary>
    public UserTable? Read(ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException e)
        {
            // Of a file that is cut short the reader names the line behind its end.
            var line = e.LineNumber + 1 is { } told ? Math.Min(told, JsonLines.Last(json.Span)) : (long?)null;
            _problems.Add(new Problem("This is not JSON as it must be: " + e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]) { File = file, Line = line, Fix = "Mend that line." });
            return null;
        }

        _lines = JsonLines.Of(json.Span);
        foreach (var (path, line) in _lines.Twice)
            _problems.Add(new Problem($"This key is given twice; the first is on line {_lines.Find(path)}.") { File = file, Line = line, Key = path, Fix = "Delete one of them." });
        using (document) return _problems.Count == 0 ? Read(document.RootElement) : null;
    }

    private UserTable? Read(JsonElement root)
    {
        if (!IsMap(root, "", "{ \"dated\": \"2026-10-01\", \"models\": {} }")) return null;
        Known(root, "", "dated", "about", "models", "presets");
        var dated = root.TryGetProperty("dated", out var day) ? Day(day, "dated") : null;
        if (!root.TryGetProperty("dated", out _)) Report("dated", "'dated' is missing.", "Write the day the figures were taken: \"dated\": \"2026-10-01\".");
        var source = new FigureSource(FigureSource.UserFile, dated ?? "", file);
        var models = new Dictionary<(string, string), UserModel>();
        foreach (var (provider, key, entry) in Maps(root, "models", ""))
        {
            if (!IsProvider(provider, key)) continue;
            foreach (var (model, path, figures) in Maps(entry, null, key))
                if (Model(provider, model, figures, path) is { } read) models.Add((provider, model), read);
        }

        var presets = new List<LimitPreset>();
        foreach (var (name, key, entry) in Maps(root, "presets", "")) presets.AddRange(Preset(name, key, entry, source));
        return new UserTable(source, models, presets);
    }

    private UserModel? Model(string provider, string model, JsonElement entry, string path)
    {
        Known(entry, path, "context", "max_output", "price", "thinks");
        var context = (int?)Whole(entry, "context", path, SmallestContext, LargestContext);
        var maxOutput = (int?)Whole(entry, "max_output", path, SmallestReply, LargestContext);
        bool? thinks = null;
        if (entry.TryGetProperty("thinks", out var flag))
        {
            if (flag.ValueKind is JsonValueKind.True or JsonValueKind.False) thinks = flag.GetBoolean();
            else Report($"{path}.thinks", "'thinks' must be true or false.", "Write \"thinks\": true, or delete it.");
        }

        Price? price = null;
        if (entry.TryGetProperty("price", out var usd) && IsMap(usd, $"{path}.price", "{ \"input\": 0.15, \"output\": 0.6 }")) price = ReadPrice(usd, $"{path}.price");
        var read = new UserModel(context, maxOutput, price, thinks);
        var whole = read.Over(KnownModels.Find(provider, model), new FigureSource(FigureSource.UserFile, ""));
        if (maxOutput is not null && whole.MaxOutputTokens >= whole.ContextTokens)
            Report($"{path}.max_output", $"{maxOutput} leaves no room for the prompt in a context of {whole.ContextTokens}.", "Write less, or the model's real \"context\".");
        return read;
    }

    private Price? ReadPrice(JsonElement price, string path)
    {
        Known(price, path, "input", "output", "cached_input", "cache_write", "batch_input", "batch_output");
        foreach (var key in new[] { "input", "output" })
            if (!price.TryGetProperty(key, out _)) Report($"{path}.{key}", $"'{key}' is missing.", "Write USD per million tokens: \"price\": { \"input\": 0.15, \"output\": 0.6 }.");
        return Usd("input") is { } input && Usd("output") is { } output
            ? new Price(input, output) { CachedInput = Usd("cached_input"), CacheWrite = Usd("cache_write"), BatchInput = Usd("batch_input"), BatchOutput = Usd("batch_output") }
            : null;

        decimal? Usd(string key)
        {
            if (!price.TryGetProperty(key, out var value)) return null;
            if (value.ValueKind is JsonValueKind.Number && value.TryGetDecimal(out var usd) && usd is >= 0 and <= MostUsd) return usd;
            Report($"{path}.{key}", $"{Shown(value)} is not an amount of USD per million tokens.", string.Create(CultureInfo.InvariantCulture, $"Write a number from 0 to {MostUsd:N0}."));
            return null;
        }
    }

    private IEnumerable<LimitPreset> Preset(string name, string path, JsonElement entry, FigureSource source)
    {
        Known(entry, path, "provider", "about", "models");
        var provider = Text(entry, "provider", path);
        if (provider is null)
        {
            if (!entry.TryGetProperty("provider", out _)) Report($"{path}.provider", "'provider' is missing.", "Name the provider whose plan it is: \"provider\": \"groq\".");
            yield break;
        }

        if (!IsProvider(provider, $"{path}.provider")) yield break;
        if (LimitPresets.Of(name) is [var own, ..] && own.Provider != provider)
            Report($"{path}.provider", $"'{name}' is a plan of {own.Provider}, not of {provider}.", "Give it another name.");
        foreach (var (model, key, limits) in Maps(entry, "models", path))
        {
            Known(limits, key, [.. s_windows, "dated", "source", "observed"]);
            var figures = s_windows.Select(w => Whole(limits, w, key, 1, MostLimit)).ToList();
            if (figures.TrueForAll(f => f is null)) Report(key, "No limit is written here.", $"Write one, such as \"{LimitNames.RequestsPerMinute}\": 30.");
            var observed = limits.TryGetProperty("observed", out var seen) && seen.ValueKind is JsonValueKind.True;
            yield return new LimitPreset(
                name, provider, model,
                new RouteLimits
                {
                    RequestsPerMinute = figures[0],
                    TokensPerMinute = figures[1],
                    InputTokensPerMinute = figures[2],
                    OutputTokensPerMinute = figures[3],
                    RequestsPerDay = figures[4],
                    TokensPerDay = figures[5],
                    EnqueuedTokens = figures[6],
                },
                Text(limits, "dated", key) ?? source.Dated, Text(limits, "source", key) ?? file, observed);
        }
    }

    /// <summary>The entries of an object that are objects themselves; any other is reported.</summary>
    private IEnumerable<(string Name, string Path, JsonElement Value)> Maps(JsonElement parent, string? key, string path)
    {
        if (key is not null)
        {
            path = JsonLines.Join(path, key);
            if (!parent.TryGetProperty(key, out var inner) || !IsMap(inner, path, "{ … }")) yield break;
            parent = inner;
        }

        foreach (var entry in parent.EnumerateObject())
            if (IsMap(entry.Value, JsonLines.Join(path, entry.Name), "{ … }")) yield return (entry.Name, JsonLines.Join(path, entry.Name), entry.Value);
    }

    private bool IsMap(JsonElement value, string path, string example)
    {
        if (value.ValueKind is JsonValueKind.Object) return true;
        Report(path.Length == 0 ? null : path, path.Length == 0 ? "The file must hold one JSON object." : $"{Shown(value)} is no object.", $"Write {example}.");
        return false;
    }

    private bool IsProvider(string name, string path)
    {
        if (KnownProviders.Find(name) is not null) return true;
        Report(path, $"There is no provider '{name}'.", NearestName.Suggest(name, [.. KnownProviders.All.Select(p => p.Name)]));
        return false;
    }

    private void Known(JsonElement map, string path, params string[] keys)
    {
        foreach (var entry in map.EnumerateObject().Where(e => !keys.Contains(e.Name, StringComparer.Ordinal)))
            Report(JsonLines.Join(path, entry.Name), $"There is no key '{entry.Name}' here.", NearestName.Suggest(entry.Name, keys));
    }

    private long? Whole(JsonElement map, string key, string path, long least, long most)
    {
        if (!map.TryGetProperty(key, out var value)) return null;
        if (value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most) return number;
        Report($"{path}.{key}", $"{Shown(value)} is not a whole number that {key} can be.", string.Create(CultureInfo.InvariantCulture, $"Write one from {least} to {most:N0}."));
        return null;
    }

    private string? Text(JsonElement map, string key, string path)
    {
        if (!map.TryGetProperty(key, out var value)) return null;
        if (value.ValueKind is JsonValueKind.String && value.GetString() is { Length: > 0 } text) return text;
        Report($"{path}.{key}", $"'{key}' must be text.", "Write it in quotes.");
        return null;
    }

    private string? Day(JsonElement value, string path)
    {
        if (value.ValueKind is JsonValueKind.String && DateOnly.TryParseExact(value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)) return value.GetString();
        Report(path, $"{Shown(value)} is not a day.", "Write it like \"2026-10-01\".");
        return null;
    }

    private void Report(string? key, string message, string? fix) =>
        _problems.Add(new Problem(message) { File = file, Line = _lines?.Find(key ?? ""), Key = key, Fix = fix });

    // Enough to find it again.
    private static string Shown(JsonElement value) => value.GetRawText() is { Length: > 40 } text ? text[..40] + "…" : value.GetRawText();
}
