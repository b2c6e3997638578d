#region usings
using Rowmill;
using Rowmill.Core.Models; // Route, Price, Recording, TranscriptFormat, TranscriptTimes
#endregion

namespace Guide;

/// <summary>The code of the guide of vectors and transcripts.</summary>
internal static class GuideSingles
{
    public static async Task EmbedAsync(RowmillService rowmill, string[] texts, ReadOnlyMemory<float>[] vectors)
    {
        #region embed
        await foreach (var one in rowmill.EmbedAsync(Route.Of("openai/text-embedding-3-small"), texts))
            if (one.Failure is null) vectors[one.Index] = one.Vector;
        #endregion
    }

    public static async Task TranscribeAsync(RowmillService rowmill, TextWriter output)
    {
        #region transcribe
        var talk = await rowmill.TranscribeAsync(Route.Of("groq/whisper-large-v3-turbo"), "talk.mp3",
            new() { Format = TranscriptFormat.VerboseJson, Times = TranscriptTimes.Segments });
        output.WriteLine(talk.Transcript?.Text ?? talk.Failure!.Message);
        #endregion
    }
}
