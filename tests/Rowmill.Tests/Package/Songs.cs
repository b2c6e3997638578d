using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Rowmill.Tests.Package;

/// <summary>A row.</summary>
internal sealed record Song(string Title, string Artist, int? Year = null)
{
    /// <summary>The title and artist of so many songs, all different.</summary>
    public static IReadOnlyList<Song> Many(int count) => [.. Enumerable.Range(1, count).Select(i => new Song($"Song {i}", $"Artist {i % 40}", 1950 + (i % 70)))];

    /// <summary>The same as a stream that cannot be read twice.</summary>
    public static async IAsyncEnumerable<Song> Stream(int count)
    {
        await Task.Yield();
        for (var i = 1; i <= count; i++) yield return new Song($"Song {i}", $"Artist {i % 40}");
    }
}

/// <summary>How energetic a song is.</summary>
internal enum Energy
{
    /// <summary>It hardly moves.</summary>
    [JsonStringEnumMemberName("Very Low")]
    VeryLow,

    Low,

    [Description("Neither still nor driving.")]
    Medium,

    High,

    [JsonStringEnumMemberName("Very High")]
    VeryHigh,
}

/// <summary>An answer.</summary>
/// <param name="Energy">From still to <see cref="Package.Energy.VeryHigh"/>.</param>
/// <param name="Tags">What it sounds like.</param>
/// <param name="Stars">How good it is.</param>
/// <param name="Note">Anything else.</param>
internal sealed record Mood(
    Energy Energy,
    [property: Length(1, 3)] IReadOnlyList<string> Tags,
    [Range(1, 5)] int Stars,
    [StringLength(200)] string? Note = null);
