using Rowmill.Core.Models;

namespace Rowmill.Core.Stores;

/// <summary>Port: what calls have shown about tokens, kept for the user across jobs and folders. Safe for concurrent use.</summary>
public interface ICalibrationStore
{
    /// <summary>What is known of a route.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="question">Fingerprint of the question; null for all questions together.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<UsageMoments> ReadAsync(string route, string? question, CancellationToken cancellationToken = default);

    /// <summary>Adds what was seen since the last time. What was there before loses weight once it is much, so that a changed model is learned anew.</summary>
    ValueTask AddAsync(string route, string question, UsageMoments seen, CancellationToken cancellationToken = default);
}
