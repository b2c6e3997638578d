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

    /// <summary>Anything about batches and their files.</summary>
    Batch,
}

/// <summary>What is wanted of batches and their files.</summary>
internal enum BatchVerb
{
    CreateFile,

    /// <summary>Bring a part of a file, or ask how much of it has come.</summary>
    ContinueFile,
    ListFiles,
    GetFile,
    DeleteFile,
    Download,
    Create,
    List,
    Get,
    Cancel,
    Delete,
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

    /// <summary>What is wanted of batches and their files.</summary>
    public BatchVerb Verb { get; init; }

    /// <summary>The id of the batch or file that the path names; empty for none.</summary>
    public string Subject { get; init; } = "";

    /// <summary>True when the address itself tells who asks.</summary>
    public bool NeedsNoKey { get; init; }

    /// <summary>A place of batches and their files.</summary>
    public static Place Of(BatchVerb verb, string method, string subject = "") => new(Operation.Batch, method) { Verb = verb, Subject = subject };
}
