using Rowmill.Core.Models;

namespace Rowmill;

/// <summary>A call of a chat client that brought no reply.</summary>
/// <param name="failure">Why.</param>
public sealed class ModelCallException(ModelFailure failure) : Exception(failure.Message)
{
    /// <summary>Why: its kind, the service's status, how long it says to wait.</summary>
    public ModelFailure Failure { get; } = failure;
}
