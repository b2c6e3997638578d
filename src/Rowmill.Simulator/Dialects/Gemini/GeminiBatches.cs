using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Gemini;

/// <summary>Google's batches. Source: its page on the API of batches, its SDK, captured replies.</summary>
internal sealed class GeminiBatches(GeminiDialect dialect) : BatchWire
{
    private const string Version = "/v1beta/";
    private const string Suffix = ":batchGenerateContent";

    /// <summary>Requests that come with the batch itself hold less than that.</summary>
    private const long MaxInlineBytes = 20_000_000;

    /// <summary>Pending or running, a batch is given up after two days.</summary>
    private static readonly TimeSpan s_expires = TimeSpan.FromHours(48);

    private static readonly string[] s_types = ["jsonl", "application/jsonl", "application/json", "text/plain"];

    private readonly GeminiFiles _files = new();

    public override Place? Find(string path, HttpRequest request)
    {
        if (GeminiFiles.Find(path, request) is { } place) return place;
        if (!path.StartsWith(Version, StringComparison.Ordinal)) return null;
        return path[Version.Length..].Split('/') switch
        {
            ["models", { } name] when name.Length > Suffix.Length && name.EndsWith(Suffix, StringComparison.Ordinal) =>
                Place.Of(BatchVerb.Create, HttpMethods.Post) with { Model = name[..^Suffix.Length] },
            ["batches"] => Place.Of(BatchVerb.List, HttpMethods.Get),
            ["batches", { Length: > 0 } id] => id.EndsWith(":cancel", StringComparison.Ordinal) ? Place.Of(BatchVerb.Cancel, HttpMethods.Post, id[..^":cancel".Length])
                : HttpMethods.IsDelete(request.Method) ? Place.Of(BatchVerb.Delete, HttpMethods.Delete, id)
                : Place.Of(BatchVerb.Get, HttpMethods.Get, id),
            _ => null,
        };
    }

    public override void Reset() => _files.Reset();

    public override Task HandleAsync(BatchCall call)
    {
        switch (call.Place.Verb)
        {
            case BatchVerb.Create: return CreateAsync(call);
            case BatchVerb.List: return ListAsync(call);
            case BatchVerb.Get or BatchVerb.Cancel or BatchVerb.Delete:
                break;
            default: return _files.HandleAsync(call);
        }

        var now = call.Desk.Batches.Now;
        if (call.Desk.Batches.Find(call.Key, $"batches/{call.Place.Subject}") is not { } run)
        {
            return call.Desk.RefuseAsync(call, GoogleErrors.Error(404, "NOT_FOUND", "Requested entity was not found."));
        }

        switch (call.Place.Verb)
        {
            case BatchVerb.Cancel:
                // To cancel what is over changes nothing and is no mistake.
                run.Cancel(now);
                return call.Desk.SendAsync(call, "batch_cancel", "{}\n"u8.ToArray());
            case BatchVerb.Delete:
                call.Desk.Batches.Delete(run);
                return call.Desk.SendAsync(call, "batch_delete", "{}\n"u8.ToArray());
            default:
                return call.Desk.SendAsync(call, "batch_get", Json.Bytes(writer => GeminiBatchBody.Write(writer, run, now)));
        }
    }

    private async Task CreateAsync(BatchCall call)
    {
        var body = await RequestBody.ReadAsync(call.Context);
        var model = call.Place.Model!;
        var read = JsonBody.Read<(GeminiBatches At, BatchCall Call), Read>(body, static (root, to) => to.At.Order(to.Call, root), (this, call)) ?? GoogleErrors.BadJson();
        if (read.Error is null && call.Desk.KnownModels?.Contains(model, StringComparer.Ordinal) == false) read = dialect.UnknownModel(model);
        var (run, refusal) = read.Order is { } order && read.Error is null ? call.Desk.Batches.Create(order) : (null, read.Error);
        if (read.Made is { } made) made.Dispose();
        if (run is null) await call.Desk.RefuseAsync(call, refusal!);
        else await call.Desk.SendMadeAsync(call, "batch_create", SimulatorBatchFault.LostCreate, Json.Bytes(writer => GeminiBatchBody.Write(writer, run, call.Desk.Batches.Now)));
    }

    private Read Order(BatchCall call, JsonElement root)
    {
        if (ProtoMessages.BatchGenerateContent.Check(root) is { } unknown) return unknown;
        if (!Json.Has(root, "batch", out var batch)) return Missing("batch");
        if (!ProtoMessage.Has(batch, "displayName", "display_name", out var name) || name.GetString()!.Length == 0) return Missing("batch.display_name");
        if (!ProtoMessage.Has(batch, "inputConfig", "input_config", out var input)) return Missing("batch.input_config");
        var named = ProtoMessage.Has(input, "fileName", "file_name", out var fileName);
        var inline = Json.Has(input, "requests", out var requests);
        if (named == inline) return GoogleErrors.Invalid("* BatchGenerateContentRequest.batch.input_config: exactly one source of requests must be set.\n");
        if (inline)
        {
            if (call.Request.ContentLength > MaxInlineBytes) return GoogleErrors.Invalid("Request payload size exceeds the limit: 20000000 bytes.");
            var made = call.Desk.Files.NewBody();
            if (Json.Has(requests, "requests", out var list))
            {
                foreach (var request in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToArray() : [list])
                {
                    made.Append(JsonSerializer.SerializeToUtf8Bytes(request));
                    made.Append("\n"u8);
                }
            }

            if (made.Length > 0) return new Read(Of(made, ""), null, made);
            made.Dispose();
            return Missing("batch.input_config.requests");
        }

        var id = fileName.GetString()!;
        if (!id.StartsWith("files/", StringComparison.Ordinal)) return GoogleErrors.Invalid($"* BatchGenerateContentRequest.batch.input_config.file_name: '{id}' is not a valid file name.\n");
        if (call.Desk.Files.Find(call.Key, id) is not { IsGenerated: false } file) return GeminiFiles.NoFile(id["files/".Length..]);
        if (!s_types.Contains(file.Kind, StringComparer.Ordinal)) return GoogleErrors.Invalid($"Unsupported MIME type of the input file: {file.Kind}.");
        return new Read(Of(file.Body, file.Id), null, null);

        BatchOrder Of(FileBody body, string from) => new()
        {
            Key = call.Key,
            Form = new GeminiBatchForm(dialect, inline),
            IdPrefix = "batches/",
            Input = BatchInputReader.Read(body, new GeminiInputCheck(dialect, call.Place.Model!, inline, call.Desk.Options.MaxLines)),
            InputFile = from,
            Name = name.GetString(),
            ExpiresAfter = s_expires,
            Priority = ProtoMessage.Integer(batch, "priority", "priority"),
        };
    }

    private static Task ListAsync(BatchCall call)
    {
        var all = call.Desk.Batches.List(call.Key);
        var (from, count, error) = GooglePages.Read(call, all.Count);
        if (error is not null) return call.Desk.RefuseAsync(call, error);
        return call.Desk.SendAsync(call, "batch_list", GooglePages.Write(
            "operations", [.. all.Skip(from).Take(count)], (writer, run) => GeminiBatchBody.Write(writer, run, call.Desk.Batches.Now), from + count, all.Count));
    }

    private static ErrorReply Missing(string field) => GoogleErrors.Invalid($"* BatchGenerateContentRequest.{field}: {field} is required\n");

    /// <summary>What was read of a request: a batch to make, whose requests may have become a file, or a refusal.</summary>
    private readonly record struct Read(BatchOrder? Order, ErrorReply? Error, FileBody? Made)
    {
        public static implicit operator Read(ErrorReply error) => new(null, error, null);
    }
}

/// <summary>Google's pages: so many from a token on.</summary>
internal static class GooglePages
{
    private const int Page = 10, LongestPage = 100;

    public static (int From, int Count, ErrorReply? Error) Read(BatchCall call, int all)
    {
        var (size, token) = (call.Query("pageSize"), call.Query("pageToken"));
        var (from, count) = (0, Page);
        if (size.Length > 0 && (!int.TryParse(size, out count) || count < 0)) return (0, 0, GoogleErrors.Invalid("Invalid value at 'page_size' (TYPE_INT32)"));
        if (token.Length > 0 && (!int.TryParse(token, out from) || from < 0 || from > all)) return (0, 0, GoogleErrors.Invalid("Invalid page token."));
        return (from, count == 0 ? Page : Math.Min(count, LongestPage), null);
    }

    /// <summary>An empty list is left out, as every empty field is.</summary>
    public static ReadOnlyMemory<byte> Write<T>(string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write, int next, int all) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        if (items.Count > 0)
        {
            writer.WriteStartArray(name);
            foreach (var item in items) write(writer, item);
            writer.WriteEndArray();
        }

        if (next < all) writer.WriteString("nextPageToken", $"{next}");
        writer.WriteEndObject();
    });
}
