using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Rowmill.Simulator.Answers;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>Reads <c>POST /v1/audio/transcriptions</c>, which is a form with a file.</summary>
internal static class SpeechReader
{
    /// <summary>25 MiB, counted over the whole body.</summary>
    public const int MostBytes = 26_214_400;

    private static readonly string[] s_extensions = ["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];
    private static readonly string[] s_fields =
        ["file", "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]", "url", "include[]", "chunking_strategy"];

    /// <summary>The request, or the first mistake.</summary>
    public static async Task<(SpeechRequest? Request, ErrorReply? Error)> ReadAsync(HttpContext context, CompatibleDialect dialect, Place place)
    {
        if (!context.Request.HasFormContentType) return (null, dialect.BadContentType(context.Request.ContentType ?? ""));
        if (context.Request.ContentLength > MostBytes) return (null, TooLarge(context.Request.ContentLength.Value));
        IFormCollection form;
        try
        {
            var options = new FormOptions { MultipartBodyLengthLimit = MostBytes, BufferBody = false, MemoryBufferThreshold = MostBytes };
            form = await new FormFeature(context.Request, options).ReadFormAsync(context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            return (null, ErrorReply.Bad("Could not parse multipart form"));
        }

        var unknown = form.Keys.Concat(form.Files.Select(f => f.Name)).Where(n => !s_fields.Contains(n, StringComparer.Ordinal)).Distinct().ToList();
        if (unknown.Count > 0) return (null, dialect.UnknownFields(unknown));
        var model = place.Model ?? form["model"].ToString();
        if (model.Length == 0) return (null, dialect.Missing("model"));
        var given = form["response_format"].ToString();
        var answer = given.Length == 0 ? "json" : given;
        var (words, segments, wrong) = Details(form, dialect, model, answer);
        if (wrong is not null) return (null, wrong);
        if (form.Files.GetFile("file") is not { } file)
        {
            return (null, form["url"].Count > 0 ? dialect.NotSimulated("url") : dialect.Missing("file"));
        }

        var extension = Path.GetExtension(file.FileName).TrimStart('.');
        if (!s_extensions.Contains(extension, StringComparer.OrdinalIgnoreCase))
        {
            return (null, ErrorReply.Bad($"Unsupported file format {extension}", "file", "unsupported_value"));
        }

        if (file.Length == 0) return (null, ErrorReply.Bad("Audio file might be corrupted or unsupported", "file", "invalid_value"));
        var bytes = new ArrayBufferWriter<byte>((int)file.Length);
        await using (var stream = file.OpenReadStream())
        {
            int read;
            while ((read = await stream.ReadAsync(bytes.GetMemory(81920), context.RequestAborted)) > 0) bytes.Advance(read);
        }

        var language = form["language"].ToString();
        return (new SpeechRequest(model, file.Length, Mix.Hash(bytes.WrittenSpan), answer, language.Length == 0 ? null : language, words, segments), null);
    }

    /// <summary>What the answer is to hold.</summary>
    private static (bool Words, bool Segments, ErrorReply? Error) Details(IFormCollection form, CompatibleDialect dialect, string model, string answer)
    {
        if (!dialect.TranscriptForms.Contains(answer, StringComparer.Ordinal))
        {
            return (false, false, dialect.BadChoice("response_format", answer, dialect.TranscriptForms));
        }

        // The newer models give text or tokens and no times.
        if (model.StartsWith("gpt-4o", StringComparison.Ordinal) && answer != "json")
        {
            return (false, false, ErrorReply.Bad(
                $"response_format '{answer}' is not compatible with model '{model}'. Use 'json' instead.", "response_format", "unsupported_value"));
        }

        if (form["temperature"].ToString() is { Length: > 0 } heat && !(double.TryParse(heat, out var temperature) && temperature is >= 0 and <= 1))
        {
            return (false, false, dialect.OutOfRange("temperature", integer: false, above: true, 1, heat));
        }

        var times = form["timestamp_granularities[]"];
        if (times.FirstOrDefault(t => t is not ("word" or "segment")) is { } bad)
        {
            return (false, false, dialect.BadChoice("timestamp_granularities[]", bad, ["word", "segment"]));
        }

        if (times.Count > 0 && answer != "verbose_json")
        {
            return (false, false, ErrorReply.Bad("timestamp_granularities requires response_format 'verbose_json'.", "timestamp_granularities[]", "invalid_value"));
        }

        return (times.Contains("word"), times.Count == 0 || times.Contains("segment"), null);
    }

    /// <summary>Its type is that of a failure of the server (captures).</summary>
    private static ErrorReply TooLarge(long bytes) =>
        new(413, $"Maximum content size limit ({MostBytes}) exceeded ({bytes} bytes read)", "server_error");
}
