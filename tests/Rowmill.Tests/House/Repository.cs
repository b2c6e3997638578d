namespace Rowmill.Tests.House;

/// <summary>The repository the tests were built from, as files.</summary>
internal static class Repository
{
    private static readonly string[] s_leftOut =
        [".git", ".vs", ".vscode", ".idea", ".rowmill", "artifacts", "bin", "obj", "node_modules", "TestResults"];

    private static readonly string[] s_text =
        ["", ".cs", ".csproj", ".props", ".targets", ".slnx", ".json", ".yaml", ".yml", ".md", ".txt", ".sh", ".sql", ".c", ".mjs", ".py"];

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every text file below a folder of the repository, by its path from the root with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder = "") => Walk(Path.Combine(Root, folder))
        .Where(path => s_text.Contains(Path.GetExtension(path)) || Path.GetFileName(path).LastIndexOf('.') == 0)
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    /// <summary>The whole text of a file.</summary>
    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static IEnumerable<string> Walk(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Where(Kept).Concat(Directory.EnumerateDirectories(folder).Where(Kept).SelectMany(Walk))
        : [];

    private static bool Kept(string path) => !s_leftOut.Contains(Path.GetFileName(path));

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Rowmill.slnx")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd(Path.DirectorySeparatorChar))
                ?? throw new InvalidOperationException("the tests run outside the repository");
        }

        return folder;
    }
}
