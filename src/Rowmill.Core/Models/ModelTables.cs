namespace Rowmill.Core.Models;

/// <summary>
/// What is known of models and the named limits: the tables inside the program, and before them the user's own file. What a job writes itself
/// goes before both. Immutable.
/// </summary>
public sealed class ModelTables
{
    private const long LargestFile = 16 << 20;

    private readonly UserTable? _user;

    private ModelTables(UserTable? user)
    {
        _user = user;
        Presets = user is null ? LimitPresets.All
            : [.. user.Presets, .. LimitPresets.All.Where(p => !user.Presets.Any(own => own.Name == p.Name && own.Model == p.Model))];
    }

    /// <summary>What the program knows itself.</summary>
    public static ModelTables BuiltIn { get; } = new(null);

    /// <summary>Every preset with each of its models, the user's own first.</summary>
    public IReadOnlyList<LimitPreset> Presets { get; }

    /// <summary><c>$XDG_CONFIG_HOME/rowmill/models.json</c>, by default <c>~/.config/rowmill/models.json</c>.</summary>
    /// <param name="variable">Gives an environment variable, or null.</param>
    public static string DefaultPath(Func<string, string?> variable)
    {
        // The XDG base directory specification: a relative path is invalid and to be ignored.
        var config = variable("XDG_CONFIG_HOME");
        if (!Path.IsPathRooted(config)) config = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return Path.Combine(config, "rowmill", "models.json");
    }

    /// <summary>The tables with a user's file before them; the program's own when there is no such file.</summary>
    /// <param name="path">Absolute path of the file.</param>
    /// <exception cref="ProblemException">Everything that is wrong with the file.</exception>
    public static ModelTables Load(string path)
    {
        byte[] json;
        try
        {
            if (!File.Exists(path) && !Directory.Exists(path)) return BuiltIn;
            if (Directory.Exists(path)) throw Unreadable("This is a folder; a file is expected here.");
            if (new FileInfo(path).Length > LargestFile) throw Unreadable("This file is too large to be a table of models.");
            json = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable($"This file cannot be read: {e.Message}");
        }

        var reader = new UserTableReader(path);
        var table = reader.Read(json);
        return reader.Problems.Count == 0 ? new ModelTables(table) : throw new ProblemException(reader.Problems);

        ProblemException Unreadable(string message) => new(new Problem(message) { File = path, Fix = "Mend it, or take it away: it is read by every command." });
    }

    /// <summary>What is known of a model, see <see cref="KnownModels.Find"/>: each figure of the user's file goes before the program's own.</summary>
    /// <param name="provider">Provider name.</param>
    /// <param name="model">The provider's name of the model.</param>
    public KnownModel Find(string provider, string model)
    {
        var known = KnownModels.Find(provider, model);
        foreach (var name in KnownModels.Names(model))
            if (_user?.Models.GetValueOrDefault((provider, name)) is { } own) return own.Over(known, _user.Source);
        return known;
    }

    /// <summary>The presets that know a provider's model, whichever plan they are of.</summary>
    public IReadOnlyList<LimitPreset> PresetsFor(string provider, string model) => [.. Presets.Where(p => p.Provider == provider && p.Model == model)];

    /// <summary>The limits of a model under a preset, or what is wrong with naming it there; neither when provider or model is not known.</summary>
    internal (LimitPreset? Preset, Problem? Problem) FindPreset(string name, string? provider, string? model) =>
        LimitPresets.Find(Presets, name, provider, model);
}

/// <summary>What a user's file says.</summary>
/// <param name="Source">The file and its date.</param>
/// <param name="Models">By provider and model.</param>
/// <param name="Presets">The named limits.</param>
internal sealed record UserTable(
    FigureSource Source, IReadOnlyDictionary<(string Provider, string Model), UserModel> Models, IReadOnlyList<LimitPreset> Presets);

/// <summary>What a user's file says of a model; null where it is silent.</summary>
internal sealed record UserModel(int? Context, int? MaxOutput, Price? Price, bool? Thinks)
{
    /// <summary>These figures, and where they are silent those known already.</summary>
    public KnownModel Over(KnownModel known, FigureSource source) => known with
    {
        ContextTokens = Context ?? known.ContextTokens,
        ContextFrom = Context is null ? known.ContextFrom : source,
        // A context given without a reply limit leaves at least half of it to the prompt.
        MaxOutputTokens = MaxOutput ?? (Context is { } context ? Math.Min(known.MaxOutputTokens, context / 2) : known.MaxOutputTokens),
        MaxOutputFrom = MaxOutput is null ? known.MaxOutputFrom : source,
        Price = Price ?? known.Price,
        PriceFrom = Price is null ? known.PriceFrom : source,
        Thinks = Thinks ?? known.Thinks,
        Listed = known.Listed || Context is not null,
    };
}
