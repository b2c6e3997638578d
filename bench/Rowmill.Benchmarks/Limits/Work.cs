using System.Globalization;
using System.Text;
using System.Text.Json;
using Rowmill.Core.Questions;

namespace Rowmill.Benchmarks.Limits;

/// <summary>What is asked: rows, the question, and what a model says to a row.</summary>
internal sealed record Work
{
    /// <summary>How many rows.</summary>
    public required int Rows { get; init; }

    /// <summary>The bytes of a row's text.</summary>
    public required Func<Random, int> Bytes { get; init; }

    /// <summary>The bytes of the prompt.</summary>
    public int PromptBytes { get; init; } = 400;

    /// <summary>The answer's schema.</summary>
    public AnswerSchema Schema { get; init; } = Labels;

    /// <summary>The members of one row's answer.</summary>
    public Func<Random, string> Answer { get; init; } = AnyLabel;

    /// <summary>The most rows in a request; null for automatic.</summary>
    public int? PackRows { get; init; }

    /// <summary>Two short labels.</summary>
    public static AnswerSchema Labels { get; } = Parse(
        """
        {"type":"object","required":["genre","energy"],"properties":{
          "genre":{"enum":["Rock","Pop","Jazz","Electronic","Folk","Hip-Hop","Classical","Metal"]},
          "energy":{"enum":["Very Low","Low","Medium","High","Very High"]}}}
        """);

    private static readonly string[] s_genres = ["Rock", "Pop", "Jazz", "Electronic", "Folk", "Hip-Hop", "Classical", "Metal"];
    private static readonly string[] s_levels = ["Very Low", "Low", "Medium", "High", "Very High"];

    private static readonly string[] s_words =
        ["amber", "cedar", "distant", "echo", "harbour", "lantern", "marble", "midnight", "orchid", "quiet", "rain", "silver", "tidal", "velvet", "winter", "zephyr"];

    /// <summary>Reads a schema that has no mistakes.</summary>
    public static AnswerSchema Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return AnswerSchema.Parse(
            document.RootElement,
            _ => throw new IOException("no files here"),
            (path, message, _) => throw new InvalidOperationException($"{path}: {message}"))!;
    }

    /// <summary>About so many bytes: evenly spread, a quarter up and down.</summary>
    public static Func<Random, int> About(int bytes) => chance => (int)(bytes * (0.75 + 0.5 * chance.NextDouble()));

    /// <summary>Lognormal lengths: few are very long.</summary>
    public static Func<Random, int> LogNormal(double median, double sigma, int most) => chance =>
    {
        // Box and Muller's normal variable.
        var normal = Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        return (int)Math.Clamp(median * Math.Exp(sigma * normal), 8, most);
    };

    /// <summary>Words of about so many bytes.</summary>
    public static string Words(Random chance, int bytes)
    {
        var text = new StringBuilder(bytes + 12);
        while (text.Length < bytes) text.Append(text.Length == 0 ? "" : " ").Append(s_words[chance.Next(s_words.Length)]);
        return text.ToString();
    }

    public static string Genre(Random chance) => s_genres[chance.Next(s_genres.Length)];

    public static string Level(Random chance) => s_levels[chance.Next(s_levels.Length)];

    /// <summary>The prompt.</summary>
    public string Prompt => Words(new Random(PromptBytes), PromptBytes);

    /// <summary>The rows' texts; each begins with its number, so that none are equal.</summary>
    public IEnumerable<string> Texts(int seed)
    {
        var chance = new Random(seed);
        for (var i = 1; i <= Rows; i++) yield return $"{i.ToString(CultureInfo.InvariantCulture)} {Words(chance, Bytes(chance))}";
    }

    private static string AnyLabel(Random chance) => $"\"genre\":\"{Genre(chance)}\",\"energy\":\"{Level(chance)}\"";
}
