using Rowmill.Core.Models;

namespace Rowmill.Cli.Commands;

/// <summary>What came of asking a provider.</summary>
internal enum ProviderState
{
    /// <summary>It gave its list.</summary>
    Reached,

    /// <summary>It refused the key or the account.</summary>
    Refused,

    /// <summary>No list came.</summary>
    Unreachable,

    /// <summary>Its key's variable is not set; it was not asked.</summary>
    NoKey,

    /// <summary>No local server answers.</summary>
    NotRunning,

    /// <summary>It has no address of its own, and none was given.</summary>
    NoAddress,
}

/// <summary>A provider and the models that can be reached there.</summary>
/// <param name="Provider">The provider.</param>
/// <param name="Address">Where it was asked; null when it has no address.</param>
/// <param name="State">What came of it.</param>
internal sealed record ProviderModels(KnownProvider Provider, string? Address, ProviderState State)
{
    /// <summary>The variable of its key; null when it needs none.</summary>
    public string? Variable { get; init; }

    /// <summary>Its words, or why there is no list; null when all is well.</summary>
    public string? Message { get; init; }

    /// <summary>The models, by name.</summary>
    public IReadOnlyList<FoundModel> Models { get; init; } = [];

    /// <summary>How many more there are: of other kinds, and older dates of those that are listed.</summary>
    public int LeftOut { get; init; }
}

/// <summary>A figure and where it is from.</summary>
internal sealed record Figure<T>(T Value, FigureSource From);

/// <summary>A limit of a model.</summary>
/// <param name="Window">One of <see cref="LimitNames"/>.</param>
/// <param name="Limit">The limit.</param>
/// <param name="From">Where it is from.</param>
/// <param name="Preset">The plan it belongs to; null for one that the service told this account.</param>
internal sealed record FoundLimit(string Window, long Limit, FigureSource From, string? Preset);

/// <summary>A model that can be reached, with what is known of it; null where nothing is.</summary>
/// <param name="Name">The provider's name of it.</param>
internal sealed record FoundModel(string Name)
{
    /// <summary>The source of what the service itself tells.</summary>
    public const string Service = "service";

    /// <summary>The source of limits that this account learned from replies and refusals.</summary>
    public const string Learned = "learned";

    /// <summary>The source of limits of a plan.</summary>
    public const string Plan = "preset";

    /// <summary>Tokens of prompt and reply.</summary>
    public Figure<int>? Context { get; init; }

    /// <summary>Tokens of the longest reply.</summary>
    public Figure<int>? MaxOutput { get; init; }

    /// <summary>USD per million tokens.</summary>
    public Figure<Price>? Price { get; init; }

    /// <summary>Whether it thinks before it answers; null when that is not known.</summary>
    public bool? Thinks { get; init; }

    /// <summary>Bytes of a local model; null for others.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>Those of this account first, then those of plans that know the model.</summary>
    public IReadOnlyList<FoundLimit> Limits { get; init; } = [];
}
