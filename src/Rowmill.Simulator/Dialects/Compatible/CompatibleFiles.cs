using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's files, as far as batches need them.</summary>
internal sealed class CompatibleFiles(CompatibleDialect dialect, long maxBytes)
{
    private const int Page = 10_000, LongestField = 4096, ShortestKeep = 3600, LongestKeep = 2_592_000;

    private static readonly TimeSpan s_keeps = TimeSpan.FromDays(30);
    private static readonly string[] s_purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"];
    private static readonly string[] s_fields = ["purpose", "file", "expires_after[anchor]", "expires_after[seconds]"];

    public Task HandleAsync(BatchCall call)
    {
        if (call.Place.Verb == BatchVerb.CreateFile) return CreateAsync(call);
        if (call.Place.Verb == BatchVerb.ListFiles) return ListAsync(call);
        var id = call.Place.Subject;
        if (call.Desk.Files.Find(call.Key, id) is not { } file)
        {
            return call.Desk.RefuseAsync(call, new ErrorReply(404, $"No such File object: {id}", "invalid_request_error") { Param = "id" });
        }

        switch (call.Place.Verb)
        {
            case BatchVerb.Download:
                return call.Desk.DownloadAsync(call, file.Body, "application/octet-stream");
            case BatchVerb.DeleteFile:
                call.Desk.Files.Remove(file);
                return call.Desk.SendAsync(call, "file_delete", Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","object":"file","deleted":true}"""));
            default:
                return call.Desk.SendAsync(call, "file_get", Json.Bytes(writer => Write(writer, file)));
        }
    }

    private async Task CreateAsync(BatchCall call)
    {
        var type = call.Request.ContentType ?? "";
        if (!RequestBody.Is(type, "multipart/form-data") || !MediaTypeHeaderValue.TryParse(type, out var parsed)
            || HeaderUtilities.RemoveQuotes(parsed.Boundary).Value is not { Length: > 0 } boundary)
        {
            await call.Desk.RefuseAsync(call, dialect.BadContentType(type));
            return;
        }

        if (call.Desk.BreaksUpload())
        {
            await BatchDesk.BreakAsync(call, into: null);
            return;
        }

        using var body = call.Desk.Files.NewBody();
        var (form, error) = await ReadAsync(call, boundary, body);
        error ??= Wrong(form);
        if (error is not null)
        {
            await call.Desk.RefuseAsync(call, error);
            return;
        }

        var now = call.Desk.Batches.Now;
        var keeps = form.GetValueOrDefault("expires_after[seconds]") is { } seconds
            ? TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture))
            : s_keeps;
        body.Hold();
        var file = call.Desk.Files.Add(
            new StoredFile($"file-{call.Desk.Files.NewId()}", call.Key, form["file"], form["purpose"], body, now, now + keeps));
        await call.Desk.SendMadeAsync(call, "file_create", SimulatorBatchFault.LostUpload, Json.Bytes(writer => Write(writer, file)));
    }

    /// <summary>The fields, the file's name in the place of the file; its bytes go into the body.</summary>
    private async Task<(Dictionary<string, string> Form, ErrorReply? Error)> ReadAsync(BatchCall call, string boundary, FileBody body)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal);
        var most = call.Desk.Options.MaxBytes ?? maxBytes;
        try
        {
            var reader = new MultipartReader(boundary, call.Request.Body);
            while (await reader.ReadNextSectionAsync(call.Context.RequestAborted) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var part)) return (form, BadForm());
                var name = HeaderUtilities.RemoveQuotes(part.Name).Value ?? "";
                if (!s_fields.Contains(name, StringComparer.Ordinal)) return (form, dialect.UnknownFields([name]));
                if (name == "file")
                {
                    form[name] = HeaderUtilities.RemoveQuotes(part.FileNameStar.HasValue ? part.FileNameStar : part.FileName).Value ?? "";
                    if (!await body.AppendAsync(section.Body, most, call.Context.RequestAborted)) return (form, TooLarge(most));
                    continue;
                }

                using var text = new StreamReader(section.Body, Encoding.UTF8);
                form[name] = await text.ReadToEndAsync(call.Context.RequestAborted);
                if (form[name].Length > LongestField) return (form, dialect.TooLong(name, LongestField, form[name].Length));
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException && !call.Context.RequestAborted.IsCancellationRequested)
        {
            return (form, BadForm());
        }

        return (form, null);

        static ErrorReply BadForm() => ErrorReply.Bad("Could not parse multipart form");
    }

    private ErrorReply? Wrong(Dictionary<string, string> form)
    {
        if (!form.TryGetValue("purpose", out var purpose)) return dialect.Missing("purpose");
        if (!s_purposes.Contains(purpose, StringComparer.Ordinal)) return dialect.BadChoice("purpose", purpose, s_purposes);
        if (purpose != "batch") return dialect.NotSimulated("purpose");
        if (!form.TryGetValue("file", out var name) || name.Length == 0) return dialect.Missing("file");
        if (!name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
        {
            return ErrorReply.Bad($"Invalid file format for Batch API: '{name}'. Must be .jsonl", "file", "invalid_file_format");
        }

        var (anchor, seconds) = (form.GetValueOrDefault("expires_after[anchor]"), form.GetValueOrDefault("expires_after[seconds]"));
        if (anchor is null && seconds is null) return null;
        if (anchor is null) return dialect.Missing("expires_after[anchor]");
        if (seconds is null) return dialect.Missing("expires_after[seconds]");
        if (anchor != "created_at") return dialect.BadChoice("expires_after[anchor]", anchor, ["created_at"]);
        if (!int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return dialect.WrongType("expires_after[seconds]", "an integer", "a string");
        return number is < ShortestKeep or > LongestKeep
            ? dialect.OutOfRange("expires_after[seconds]", integer: true, number > LongestKeep, number > LongestKeep ? LongestKeep : ShortestKeep, seconds)
            : null;
    }

    private Task ListAsync(BatchCall call)
    {
        var (order, purpose) = (call.Query("order"), call.Query("purpose"));
        if (order is not ("" or "asc" or "desc")) return call.Desk.RefuseAsync(call, dialect.BadChoice("order", order, ["asc", "desc"]));
        var all = call.Desk.Files.List(call.Key).Where(f => purpose.Length == 0 || f.Kind == purpose).ToList();
        if (order != "asc") all.Reverse();
        var (from, count, error) = CompatiblePages.Read(dialect, call, Page, Page, after => all.FindIndex(f => f.Id == after));
        if (error is not null) return call.Desk.RefuseAsync(call, error);
        var shown = all.Skip(from).Take(count).ToList();
        return call.Desk.SendAsync(call, "file_list", CompatiblePages.Write(shown, f => f.Id, Write, from + shown.Count < all.Count));
    }

    /// <summary><c>status</c> is deprecated and required.</summary>
    private static void Write(Utf8JsonWriter writer, StoredFile file)
    {
        writer.WriteStartObject();
        writer.WriteString("id", file.Id);
        writer.WriteString("object", "file");
        writer.WriteNumber("bytes", file.Body.Length);
        writer.WriteNumber("created_at", file.CreatedAt.ToUnixTimeSeconds());
        writer.WriteNumber("expires_at", file.ExpiresAt.ToUnixTimeSeconds());
        writer.WriteString("filename", file.Name);
        writer.WriteString("purpose", file.Kind);
        writer.WriteString("status", "processed");
        writer.WriteEndObject();
    }

    private static ErrorReply TooLarge(long most) =>
        new(413, $"Maximum content size limit ({most}) exceeded", "invalid_request_error") { Param = "file" };
}
