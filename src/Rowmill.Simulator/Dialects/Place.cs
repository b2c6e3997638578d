namespace Rowmill.Simulator.Dialects;

/// <summary>What a path of a service is for.</summary>
internal enum Operation
{
    /// <summary>Ask a model.</summary>
    Chat,

    /// <summary>List the models, or tell of one of them.</summary>
    Models,

    /// <summary>Count the tokens of a request without asking.</summary>
    CountTokens,

    /// <summary>Tell what a local model is.</summary>
    Show,

    /// <summary>List the models in memory.</summary>
    Running,

    /// <summary>Tell the server's version, or that it is there.</summary>
    Version,

    /// <summary>Turn text into vectors.</summary>
    Embed,

    /// <summary>Turn speech into text.</summary>
    Transcribe,
}

/// <summary>Where a request has gone.</summary>
/// <param name="Operation">What it is for.</param>
/// <param name="Method">The method it takes.</param>
/// <param name="Model">The model that the path names; null when the body does.</param>
internal sealed record Place(Operation Operation, string Method, string? Model = null)
{
    /// <summary>The version of the API that the path or a header asks for; null for none.</summary>
    public string? Version { get; init; }

    /// <summary>Which of several forms of the operation the path names, such as a batch; empty for the only one.</summary>
    public string Form { get; init; } = "";
}
