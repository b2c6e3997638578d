namespace Rowmill.Simulator.Protocol;

/// <summary>A request for a transcript that has passed every check of form.</summary>
/// <param name="Model">The model.</param>
/// <param name="Bytes">How long the file is.</param>
/// <param name="Content">A hash of its bytes.</param>
/// <param name="Form">The form of the answer.</param>
/// <param name="Language">The language said to be spoken; null for none.</param>
/// <param name="Words">True when the times of words are wanted.</param>
/// <param name="Segments">True when the times of segments are wanted.</param>
internal sealed record SpeechRequest(string Model, long Bytes, ulong Content, string Form, string? Language, bool Words, bool Segments);
