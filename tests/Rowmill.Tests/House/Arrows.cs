using System.Text.RegularExpressions;

namespace Rowmill.Tests.House;

/// <summary>
/// Who may use whom. Inside the engine data flows Rows → Packing → Limits → Models → Replies → Stores → Outputs; Runs,
/// Planning, Batches and Quality know every room, and nothing but these three knows Runs. How batches are cut and staged, Planning asks them.
/// </summary>
internal static partial class Arrows
{
    /// <summary>For each assembly the siblings it may refer to.</summary>
    public static IReadOnlyDictionary<string, string[]> Assemblies { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Rowmill.Core"] = [],
        ["Rowmill.Providers"] = ["Rowmill.Core"],
        ["Rowmill.Storage"] = ["Rowmill.Core"],
        ["Rowmill.Recipes"] = ["Rowmill.Core"],
        ["Rowmill.Studio"] = ["Rowmill.Core"],
        ["Rowmill.Simulator"] = ["Rowmill.Core"],
        ["Rowmill"] = ["Rowmill.Core", "Rowmill.Providers", "Rowmill.Storage"],
        ["Rowmill.Cli"] =
        [
            "Rowmill.Core", "Rowmill.Providers", "Rowmill.Storage", "Rowmill", "Rowmill.Recipes", "Rowmill.Studio", "Rowmill.Simulator",
        ],
    };

    /// <summary>For each room of the engine the rooms it may use, whole or (after a colon) only some types of them.</summary>
    public static IReadOnlyDictionary<string, string[]> Rooms { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [""] = [],
        ["Questions"] = [],
        ["Rows"] = [],
        ["Models"] = ["Questions"],
        ["Packing"] = ["Questions", "Rows", "Models"],
        ["Limits"] = ["Models"],
        ["Replies"] = ["Questions", "Rows", "Models"],
        ["Stores"] = ["Questions", "Rows", "Models"],
        ["Outputs"] = ["Questions", "Rows"],
        ["Jobs"] = ["Questions", "Models", "Outputs", "Rows"],
        ["Runs"] = ["Questions", "Rows", "Models", "Packing", "Limits", "Replies", "Stores", "Outputs", "Jobs"],
        ["Planning"] = ["Questions", "Rows", "Models", "Packing", "Limits", "Replies", "Stores", "Outputs", "Jobs", "Runs", "Batches:BatchRoute BatchSize BatchNaming Rollout Stage"],
        ["Batches"] = ["Questions", "Rows", "Models", "Packing", "Limits", "Replies", "Stores", "Outputs", "Jobs", "Runs"],
        ["Quality"] = ["Questions", "Rows", "Models", "Packing", "Limits", "Replies", "Stores", "Outputs", "Jobs", "Runs"],
    };

    /// <summary>The wrong arrows of one source file of the engine.</summary>
    /// <param name="file">Its path below the engine's folder, with forward slashes.</param>
    /// <param name="source">Its text.</param>
    /// <param name="types">For each room the names of its types.</param>
    /// <param name="rooms">The table of arrows; the house's own when null.</param>
    public static IEnumerable<string> Wrong(
        string file, string source, ILookup<string, string> types, IReadOnlyDictionary<string, string[]>? rooms = null)
    {
        rooms ??= Rooms;
        var room = file.Contains('/') ? file[..file.IndexOf('/')] : "";
        if (!rooms.TryGetValue(room, out var allowed)) return [$"{file}: the room {room} is not in the table of arrows"];

        var code = CodeText.WithoutCommentsAndStrings(source);
        var names = Name().Matches(code).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        return Used(code, types, rooms).Where(used => used != room).Distinct().SelectMany(used => WrongInto(used));

        IEnumerable<string> WrongInto(string used)
        {
            if (allowed.Contains(used)) return [];
            var some = allowed.FirstOrDefault(entry => entry.StartsWith(used + ":", StringComparison.Ordinal));
            if (some is null) return [$"{file}: {(room.Length == 0 ? "the root" : room)} may not use {used}"];
            var named = some[(used.Length + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return types[used].Except(named).Except(types[room]).Where(names.Contains).Select(type => $"{file}: {room} may not use {used}.{type}");
        }
    }

    /// <summary>The other assemblies of the house that a source file names.</summary>
    public static IEnumerable<string> NamedAssemblies(string source) =>
        AssemblyName().Matches(CodeText.WithoutCommentsAndStrings(source)).Select(match => match.Value).Distinct();

    // A room is used by its full name, or as a part of one in front of a type it holds (a property may have a room's name).
    private static IEnumerable<string> Used(string code, ILookup<string, string> types, IReadOnlyDictionary<string, string[]> rooms)
    {
        foreach (Match match in FullName().Matches(code))
        {
            if (rooms.ContainsKey(match.Groups[1].Value)) yield return match.Groups[1].Value;
        }

        foreach (Match match in PartialName().Matches(code))
        {
            if (types[match.Groups[1].Value].Contains(match.Groups[2].Value)) yield return match.Groups[1].Value;
        }
    }

    [GeneratedRegex(@"\bRowmill\.Core\.(\w+)")]
    private static partial Regex FullName();

    [GeneratedRegex(@"(?<![\w.])(?:Core\.)?([A-Z]\w+)\.([A-Z]\w*)")]
    private static partial Regex PartialName();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Name();

    [GeneratedRegex(@"\bRowmill\.(?:Core|Providers|Storage|Recipes|Studio|Simulator|Cli)\b")]
    private static partial Regex AssemblyName();
}
