using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's files: brought by resumable uploads, gone after two days. Source: its SDK and its book of examples.</summary>
internal sealed class GeminiFiles
{
    private const string Upload = "/upload/v1beta/files", Files = "/v1beta/files", Download = "/download/v1beta/files/", DownloadVerb = ":download";
    private const string Command = "x-goog-upload-command", Status = "x-goog-upload-status", Received = "x-goog-upload-size-received";

    /// <summary>Of one file.</summary>
    private const long MaxBytes = 2_000_000_000;

    /// <summary>The longest name, without <c>files/</c>.</summary>
    private const int LongestId = 40;

    /// <summary>Until a file is gone.</summary>
    public static readonly TimeSpan Keeps = TimeSpan.FromHours(48);

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    public static Place? Find(string path, HttpRequest request)
    {
        if (path == Upload)
        {
            var id = request.Query["upload_id"].ToString();
            return id.Length == 0
                ? Place.Of(BatchVerb.CreateFile, HttpMethods.Post)
                : Place.Of(BatchVerb.ContinueFile, HttpMethods.IsPut(request.Method) ? HttpMethods.Put : HttpMethods.Post, id) with { NeedsNoKey = true };
        }

        if (path == Files) return Place.Of(BatchVerb.ListFiles, HttpMethods.Get);
        if (path.StartsWith(Download, StringComparison.Ordinal) && path.EndsWith(DownloadVerb, StringComparison.Ordinal))
        {
            return Place.Of(BatchVerb.Download, HttpMethods.Get, path[Download.Length..^DownloadVerb.Length]);
        }

        if (!path.StartsWith(Files + "/", StringComparison.Ordinal)) return null;
        var name = path[(Files.Length + 1)..];
        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal)) return null;
        return name.EndsWith(DownloadVerb, StringComparison.Ordinal) ? Place.Of(BatchVerb.Download, HttpMethods.Get, name[..^DownloadVerb.Length])
            : HttpMethods.IsDelete(request.Method) ? Place.Of(BatchVerb.DeleteFile, HttpMethods.Delete, name)
            : Place.Of(BatchVerb.GetFile, HttpMethods.Get, name);
    }

    public static ErrorReply NoFile(string id) => GoogleErrors.Error(
        403, "PERMISSION_DENIED", $"You do not have permission to access the File {id} or it may not exist.");

    /// <summary>Forgets every upload.</summary>
    public void Reset()
    {
        foreach (var id in _sessions.Keys)
            if (_sessions.TryRemove(id, out var session)) session.Body.Dispose();
    }

    public Task HandleAsync(BatchCall call)
    {
        switch (call.Place.Verb)
        {
            case BatchVerb.CreateFile: return StartAsync(call);
            case BatchVerb.ContinueFile: return ContinueAsync(call);
            case BatchVerb.ListFiles: return ListAsync(call);
        }

        var id = call.Place.Subject;
        if (call.Desk.Files.Find(call.Key, $"files/{id}") is not { } file) return call.Desk.RefuseAsync(call, NoFile(id));
        switch (call.Place.Verb)
        {
            case BatchVerb.DeleteFile:
                call.Desk.Files.Remove(file);
                return call.Desk.SendAsync(call, "file_delete", "{}\n"u8.ToArray());
            case BatchVerb.Download:
                if (!file.IsGenerated) return call.Desk.RefuseAsync(call, GoogleErrors.Invalid("Only generated files can be downloaded."));
                // Without it the file's description would come, which a download has none of.
                return call.Query("alt") == "media"
                    ? call.Desk.DownloadAsync(call, file.Body, "application/octet-stream")
                    : call.Desk.RefuseAsync(call, GoogleErrors.Invalid("A download needs alt=media."));
            default:
                return call.Desk.SendAsync(call, "file_get", Json.Bytes(writer => Write(writer, call, file)));
        }
    }

    private async Task StartAsync(BatchCall call)
    {
        var body = await RequestBody.ReadAsync(call.Context);
        var read = JsonBody.Read<GeminiFiles, Named>(body.IsEmpty ? "{}"u8.ToArray() : body, static (root, _) => Name(root), this) ?? new Named(GoogleErrors.BadJson());
        var length = call.Request.Headers["x-goog-upload-header-content-length"].ToString();
        var size = long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (long?)null;
        var most = call.Desk.Options.MaxBytes ?? MaxBytes;
        var type = call.Request.Headers["x-goog-upload-header-content-type"].ToString();
        var error = read.Error
            ?? (Header(call, "x-goog-upload-protocol") != "resumable" ? GoogleErrors.Invalid("The simulator knows resumable uploads alone.")
            : Header(call, Command) != "start" ? GoogleErrors.Invalid("Upload has not been started.")
            : length.Length > 0 && size is null ? GoogleErrors.Invalid("Invalid X-Goog-Upload-Header-Content-Length.")
            : size > most ? TooLarge(most)
            : read.Id is { } wanted && call.Desk.Files.Find(call.Key, $"files/{wanted}") is not null ? GoogleErrors.Error(409, "ALREADY_EXISTS", $"File files/{wanted} already exists.")
            : null);
        if (error is not null)
        {
            await call.Desk.RefuseAsync(call, error);
            return;
        }

        var id = $"{call.Desk.Files.NewId()}-upload";
        _sessions[id] = new Session(call.Key, read with { Mime = read.Mime ?? (type.Length > 0 ? type : "application/octet-stream") }, size, call.Desk.Files.NewBody());
        var headers = call.Context.Response.Headers;
        headers["x-goog-upload-url"] = $"{call.Request.Scheme}://{call.Desk.Host(call)}{Upload}?upload_id={id}&upload_protocol=resumable";
        headers[Status] = "active";
        await call.Desk.SendAsync(call, "upload_start", ReadOnlyMemory<byte>.Empty);
    }

    private async Task ContinueAsync(BatchCall call)
    {
        if (!_sessions.TryGetValue(call.Place.Subject, out var session))
        {
            await call.Desk.RefuseAsync(call, GoogleErrors.Error(404, "NOT_FOUND", "Upload not found."));
            return;
        }

        var commands = Header(call, Command).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        await session.Gate.WaitAsync(call.Context.RequestAborted);
        try
        {
            await CommandAsync(call, session, commands);
        }
        finally
        {
            session.Gate.Release();
        }
    }

    private async Task CommandAsync(BatchCall call, Session session, string[] commands)
    {
        var headers = call.Context.Response.Headers;
        headers[Status] = session.Made is null ? "active" : "final";
        if (commands is ["query"])
        {
            headers[Received] = session.Body.Length.ToString(CultureInfo.InvariantCulture);
            await call.Desk.SendAsync(call, "upload_query", session.Made is { } made ? File(call, made) : ReadOnlyMemory<byte>.Empty);
            return;
        }

        if (commands is ["cancel"])
        {
            if (_sessions.TryRemove(call.Place.Subject, out _)) session.Body.Dispose();
            headers[Status] = "cancelled";
            await call.Desk.SendAsync(call, "upload_cancel", ReadOnlyMemory<byte>.Empty);
            return;
        }

        var (brings, ends) = (commands.Contains("upload", StringComparer.Ordinal), commands.Contains("finalize", StringComparer.Ordinal));
        if (commands.Length == 0 || commands.Any(c => c is not ("upload" or "finalize")) || session.Made is not null)
        {
            await call.Desk.RefuseAsync(call, GoogleErrors.Invalid(session.Made is null ? "Unknown X-Goog-Upload-Command." : "Upload has already been finalized."));
            return;
        }

        if (brings && !await BringAsync(call, session)) return;
        if (ends && session.Size is { } size && session.Body.Length != size)
        {
            await call.Desk.RefuseAsync(call, GoogleErrors.Invalid($"Upload size {session.Body.Length} does not match the announced {size}."));
            return;
        }

        if (!ends)
        {
            await call.Desk.SendAsync(call, "upload_part", ReadOnlyMemory<byte>.Empty);
            return;
        }

        var now = call.Desk.Batches.Now;
        var named = session.Named;
        session.Body.Hold();
        session.Made = call.Desk.Files.Add(new StoredFile(
            $"files/{named.Id ?? call.Desk.Files.NewId()}", session.Key, named.DisplayName ?? "", named.Mime!, session.Body, now, now + Keeps));
        headers[Status] = "final";
        await call.Desk.SendMadeAsync(call, "file_create", SimulatorBatchFault.LostUpload, File(call, session.Made));
    }

    /// <summary>Takes in the bytes of one part; false when they were refused or broke off.</summary>
    private static async Task<bool> BringAsync(BatchCall call, Session session)
    {
        if (!long.TryParse(Header(call, "x-goog-upload-offset"), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) || offset != session.Body.Length)
        {
            call.Context.Response.Headers[Received] = session.Body.Length.ToString(CultureInfo.InvariantCulture);
            await call.Desk.RefuseAsync(call, GoogleErrors.Invalid($"Upload offset does not match: {session.Body.Length} bytes have been received."));
            return false;
        }

        if (call.Desk.BreaksUpload())
        {
            await BatchDesk.BreakAsync(call, session.Body);
            return false;
        }

        var most = session.Size ?? call.Desk.Options.MaxBytes ?? MaxBytes;
        if (await session.Body.AppendAsync(call.Request.Body, most, call.Context.RequestAborted)) return true;
        await call.Desk.RefuseAsync(call, TooLarge(most));
        return false;
    }

    private static Task ListAsync(BatchCall call)
    {
        var all = call.Desk.Files.List(call.Key).Reverse().ToList();
        var (from, count, error) = GooglePages.Read(call, all.Count);
        return error is not null ? call.Desk.RefuseAsync(call, error) : call.Desk.SendAsync(
            call, "file_list", GooglePages.Write("files", [.. all.Skip(from).Take(count)], (writer, file) => Write(writer, call, file), from + count, all.Count));
    }

    private static ReadOnlyMemory<byte> File(BatchCall call, StoredFile file) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("file");
        Write(writer, call, file);
        writer.WriteEndObject();
    });

    /// <summary>The checksum is that of captures: the base64 of its hexadecimal digits.</summary>
    private static void Write(Utf8JsonWriter writer, BatchCall call, StoredFile file)
    {
        var uri = $"{call.Request.Scheme}://{call.Request.Host}/v1beta/{file.Id}";
        writer.WriteStartObject();
        writer.WriteString("name", file.Id);
        if (file.Name.Length > 0 && !file.IsGenerated) writer.WriteString("displayName", file.Name);
        writer.WriteString("mimeType", file.Kind);
        if (file.Body.Length > 0) writer.WriteString("sizeBytes", file.Body.Length.ToString(CultureInfo.InvariantCulture));
        GeminiBatchBody.Time(writer, "createTime", file.CreatedAt);
        GeminiBatchBody.Time(writer, "updateTime", file.CreatedAt);
        GeminiBatchBody.Time(writer, "expirationTime", file.ExpiresAt);
        writer.WriteBase64String("sha256Hash", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(file.Body.Sha256)));
        writer.WriteString("uri", uri);
        writer.WriteString("state", "ACTIVE");
        writer.WriteString("source", file.IsGenerated ? "GENERATED" : "UPLOADED");
        if (file.IsGenerated) writer.WriteString("downloadUri", $"{uri}:download?alt=media");
        writer.WriteEndObject();
    }

    private static Named Name(JsonElement root)
    {
        if (ProtoMessages.CreateFile.Check(root) is { } unknown) return new Named(unknown);
        if (!Json.Has(root, "file", out var file)) return default;
        var id = Json.Has(file, "name", out var name) ? name.GetString()! : null;
        if (id?.StartsWith("files/", StringComparison.Ordinal) == true) id = id["files/".Length..];
        if (id is not null && (id.Length is 0 or > LongestId || id.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')))
        {
            return new Named(GoogleErrors.Invalid($"* CreateFileRequest.file.name: '{id}' is not a valid name.\n"));
        }

        return new Named(null)
        {
            Id = id,
            DisplayName = ProtoMessage.Has(file, "displayName", "display_name", out var display) ? display.GetString() : null,
            Mime = ProtoMessage.Has(file, "mimeType", "mime_type", out var mime) ? mime.GetString() : null,
        };
    }

    private static string Header(BatchCall call, string name) => call.Request.Headers[name].ToString();

    private static ErrorReply TooLarge(long most) => GoogleErrors.Invalid($"The file exceeds the limit of {most} bytes.");

    /// <summary>What the beginning of an upload says of its file.</summary>
    private readonly record struct Named(ErrorReply? Error)
    {
        public string? Id { get; init; }

        public string? DisplayName { get; init; }

        public string? Mime { get; init; }
    }

    /// <summary>An upload under way, or one that is done.</summary>
    private sealed record Session(string Key, Named Named, long? Size, FileBody Body)
    {
        /// <summary>One part at a time: what broke off is taken in to its end before the next is looked at.</summary>
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public StoredFile? Made { get; set; }
    }
}
