using Rowmill.Core.Models;

namespace Rowmill.Core.Stores;

/// <summary>Port: what calls have shown about tokens, the size of packs and the forms of output, kept for the user across jobs and folders. Safe for concurrent use.</summary>
public interface ICalibrationStore
{
    /// <summary>What is known of a route; zero where nothing is, or where what is stored is damaged.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="question">Fingerprint of the question; null for all questions together.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<UsageMoments> ReadAsync(string route, string? question, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds what was seen since the last time, with <see cref="UsageMoments.Then"/>: what was there before loses weight once it is much, so
    /// that a changed model is learned anew. Processes that add at once all count. What is not <see cref="UsageMoments.IsSound"/> is left out.
    /// </summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="question">Fingerprint of the question.</param>
    /// <param name="seen">What was seen.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask AddAsync(string route, string question, UsageMoments seen, CancellationToken cancellationToken = default);

    /// <summary>The sizes of packs that runs settled on, by the length of rows; those that are not <see cref="LearnedPackSize.IsSound"/> are left out.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="question">Fingerprint of the question.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IReadOnlyList<LearnedPackSize>> SizesAsync(string route, string question, CancellationToken cancellationToken = default);

    /// <summary>Stores the size of packs for rows of one length, in place of what was there.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="question">Fingerprint of the question.</param>
    /// <param name="size">The size.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask SetSizeAsync(string route, string question, LearnedPackSize size, CancellationToken cancellationToken = default);

    /// <summary>The form of structured output that a model took last, or that it is to be asked in since it refused a better one; null when it was never asked, or long ago.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<StructuredOutput?> FormAsync(string route, CancellationToken cancellationToken = default);

    /// <summary>Stores the form that a model takes, or the best of those it has not refused.</summary>
    /// <param name="route"><see cref="Route.Id"/>.</param>
    /// <param name="form">The form.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask SetFormAsync(string route, StructuredOutput form, CancellationToken cancellationToken = default);
}
