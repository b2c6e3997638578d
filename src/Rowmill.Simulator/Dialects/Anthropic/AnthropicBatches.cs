using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Anthropic;

/// <summary>Anthropic's batches: the requests come with the batch, which keeps no name. Source: its SDK's types and its pages.</summary>
internal sealed partial class AnthropicBatches(AnthropicDialect dialect) : BatchWire
{
    private const string Path = "/v1/messages/batches";

    private const int MaxRequests = 100_000, Page = 20, LongestPage = 1000;

    /// <summary>256 MB.</summary>
    private const long MaxBytes = 256_000_000;

    private static readonly TimeSpan s_expires = TimeSpan.FromHours(24);

    private readonly AnthropicBatchForm _form = new(dialect);

    public override Place? Find(string path, HttpRequest request)
    {
        if (!path.StartsWith(Path, StringComparison.Ordinal)) return null;
        return path[Path.Length..].Split('/') switch
        {
            [""] => HttpMethods.IsPost(request.Method) ? Place.Of(BatchVerb.Create, HttpMethods.Post) : Place.Of(BatchVerb.List, HttpMethods.Get),
            ["", { Length: > 0 } id] => HttpMethods.IsDelete(request.Method)
                ? Place.Of(BatchVerb.Delete, HttpMethods.Delete, id)
                : Place.Of(BatchVerb.Get, HttpMethods.Get, id),
            ["", { Length: > 0 } id, "cancel"] => Place.Of(BatchVerb.Cancel, HttpMethods.Post, id),
            ["", { Length: > 0 } id, "results"] => Place.Of(BatchVerb.Download, HttpMethods.Get, id),
            _ => null,
        };
    }

    public override Task HandleAsync(BatchCall call)
    {
        if (call.Place.Verb == BatchVerb.Create) return CreateAsync(call);
        if (call.Place.Verb == BatchVerb.List) return ListAsync(call);
        var (id, now) = (call.Place.Subject, call.Desk.Batches.Now);
        if (call.Desk.Batches.Find(call.Key, id) is not { } run)
        {
            return call.Desk.RefuseAsync(call, new ErrorReply(404, $"message_batch {id} not found", "not_found_error"));
        }

        switch (call.Place.Verb)
        {
            case BatchVerb.Cancel:
                return run.Cancel(now)
                    ? call.Desk.SendAsync(call, "batch_cancel", Body(call, run))
                    : call.Desk.RefuseAsync(call, dialect.Refuse($"message_batch {id} has already ended"));
            case BatchVerb.Delete:
                if (!BatchCourse.IsOver(run.Advance(now))) return call.Desk.RefuseAsync(call, dialect.Refuse($"message_batch {id} cannot be deleted while it is processing"));
                call.Desk.Batches.Delete(run);
                return call.Desk.SendAsync(call, "batch_delete", Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","type":"message_batch_deleted"}"""));
            case BatchVerb.Download:
                run.Advance(now);
                return run.Output is { } output && call.Desk.Files.Find(call.Key, output.Id) is { } file
                    ? call.Desk.DownloadAsync(call, file.Body, "application/x-jsonl")
                    : call.Desk.RefuseAsync(call, new ErrorReply(404, $"message_batch {id} has no available results", "not_found_error"));
            default:
                return call.Desk.SendAsync(call, "batch_get", Body(call, run));
        }
    }

    private async Task CreateAsync(BatchCall call)
    {
        var type = call.Request.ContentType;
        var most = call.Desk.Options.MaxBytes ?? MaxBytes;
        var error = !RequestBody.Is(type, "application/json") ? dialect.BadContentType(type ?? "") : call.Request.ContentLength > most ? TooLarge() : null;
        if (error is not null)
        {
            await call.Desk.RefuseAsync(call, error);
            return;
        }

        var whole = await RequestBody.ReadAsync(call.Context);
        var body = call.Desk.Files.NewBody();
        try
        {
            var lines = new List<(long Offset, int Length)>();
            var read = whole.Length > most ? new Read(TooLarge()) : JsonBody.Read<AnthropicBatches, Read>(
                whole, (root, at) => at.Look(root, call.Desk.Options.MaxLines ?? MaxRequests, body, lines), this) ?? new Read(dialect.BadJson());
            var (run, refusal) = read.Error is not null ? (null, read.Error) : call.Desk.Batches.Create(new BatchOrder
            {
                Key = call.Key,
                Form = _form,
                IdPrefix = "msgbatch_",
                Input = new BatchInput(body, lines, read.Model ?? "", read.Tokens, read.First ?? "", []),
                ExpiresAfter = s_expires,
            });
            if (run is null) await call.Desk.RefuseAsync(call, refusal!);
            else await call.Desk.SendMadeAsync(call, "batch_create", SimulatorBatchFault.LostCreate, Body(call, run));
        }
        finally
        {
            body.Dispose();
        }

        ErrorReply TooLarge() => new(413, "Request exceeds the maximum size", "request_too_large");
    }

    /// <summary>Looks at the ids alone: what a request holds is looked at when its turn comes.</summary>
    private Read Look(JsonElement root, int most, FileBody body, List<(long Offset, int Length)> lines)
    {
        foreach (var field in root.EnumerateObject())
            if (field.Name != "requests") return new Read(dialect.UnknownNested(field.Name));
        if (!Json.Has(root, "requests", out var requests)) return new Read(dialect.Missing("requests"));
        if (requests.ValueKind != JsonValueKind.Array) return new Read(dialect.WrongType("requests", "a list", Json.TypeName(requests)));
        var count = requests.GetArrayLength();
        if (count == 0) return new Read(dialect.Refuse("requests: List should have at least 1 item after validation, not 0"));
        if (count > most) return new Read(dialect.Refuse($"requests: List should have at most {most} items after validation, not {count}"));
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var read = new Read(null);
        var index = 0;
        foreach (var request in requests.EnumerateArray())
        {
            var path = $"requests.{index++}";
            if (Wrong(request, path, ids) is { } error) return new Read(error);
            var bytes = System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(request);
            lines.Add((body.Length, bytes.Length));
            body.Append(bytes);
            var parameters = request.GetProperty("params");
            var chat = dialect.Chat.Read(parameters, _form.Place("")).Request;
            read = read with { Tokens = read.Tokens + (chat?.PromptTokens ?? 0), Model = read.Model ?? chat?.Model, First = read.First ?? request.GetProperty("custom_id").GetString() };
        }

        return read;
    }

    private ErrorReply? Wrong(JsonElement request, string path, HashSet<string> ids)
    {
        if (request.ValueKind != JsonValueKind.Object) return dialect.WrongType(path, "an object", Json.TypeName(request));
        foreach (var field in request.EnumerateObject())
            if (field.Name is not ("custom_id" or "params")) return dialect.UnknownNested($"{path}.{field.Name}");
        if (FieldCheck.Required(dialect, request, path, "custom_id", "params") is { } missing) return missing;
        var (id, parameters) = (request.GetProperty("custom_id"), request.GetProperty("params"));
        if (id.ValueKind != JsonValueKind.String) return dialect.WrongType($"{path}.custom_id", "a string", Json.TypeName(id));
        if (!CustomId().IsMatch(id.GetString()!)) return dialect.Refuse($"{path}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'");
        if (!ids.Add(id.GetString()!)) return dialect.Refuse($"{path}.custom_id: custom_id must be unique within the batch; '{id.GetString()}' is not");
        return parameters.ValueKind == JsonValueKind.Object ? null : dialect.WrongType($"{path}.params", "an object", Json.TypeName(parameters));
    }

    private Task ListAsync(BatchCall call)
    {
        var (limit, before, after) = (call.Query("limit"), call.Query("before_id"), call.Query("after_id"));
        var page = Page;
        if (limit.Length > 0 && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out page) || page is < 1 or > LongestPage))
        {
            return call.Desk.RefuseAsync(call, dialect.Refuse($"limit: Input should be between 1 and {LongestPage}"));
        }

        if (before.Length > 0 && after.Length > 0) return call.Desk.RefuseAsync(call, dialect.Refuse("Only one of before_id and after_id may be given"));
        var all = call.Desk.Batches.List(call.Key).ToList();
        var anchor = before.Length + after.Length == 0 ? -1 : all.FindIndex(r => r.Id == before + after);
        if (before.Length + after.Length > 0 && anchor < 0) return call.Desk.RefuseAsync(call, dialect.Refuse($"{(before.Length > 0 ? "before_id" : "after_id")}: '{before}{after}' not found"));
        // Before an id stand the newer ones, of which the page holds those next to it.
        var shown = before.Length > 0 ? all[Math.Max(0, anchor - page)..anchor] : all.Skip(anchor + 1).Take(page).ToList();
        var more = before.Length > 0 ? anchor > page : anchor + 1 + shown.Count < all.Count;
        return call.Desk.SendAsync(call, "batch_list", Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("data");
            foreach (var run in shown) AnthropicBatchBody.Write(writer, call, run);
            writer.WriteEndArray();
            writer.WriteBoolean("has_more", more);
            writer.WriteString("first_id", shown.FirstOrDefault()?.Id);
            writer.WriteString("last_id", shown.LastOrDefault()?.Id);
            writer.WriteEndObject();
        }));
    }

    private static ReadOnlyMemory<byte> Body(BatchCall call, BatchRun run) => Json.Bytes(writer => AnthropicBatchBody.Write(writer, call, run));

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,64}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CustomId();

    /// <summary>What was read of a request: the tokens, the model and the id of its first, or the first mistake.</summary>
    private readonly record struct Read(ErrorReply? Error, long Tokens = 0, string? Model = null, string? First = null);
}
