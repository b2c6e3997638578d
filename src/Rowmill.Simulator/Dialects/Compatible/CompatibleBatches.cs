using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Rowmill.Simulator.Batches;
using Rowmill.Simulator.Http;
using Rowmill.Simulator.Protocol;

namespace Rowmill.Simulator.Dialects.Compatible;

/// <summary>OpenAI's batches and files, and Groq's, which differ in their limits. Source: OpenAI's specification, Groq's SDK.</summary>
/// <param name="dialect">Whose they are.</param>
/// <param name="basePath">What their paths begin with.</param>
/// <param name="limits">What differs.</param>
internal sealed partial class CompatibleBatches(CompatibleDialect dialect, string basePath, BatchLimits limits) : BatchWire
{
    private const int Page = 20, LongestPage = 100;

    private readonly CompatibleFiles _files = new(dialect, limits.MaxBytes);
    private readonly CompatibleBatchForm _form = new(dialect, limits.Organization);

    public override Place? Find(string path, HttpRequest request)
    {
        if (!path.StartsWith(basePath + "/", StringComparison.Ordinal)) return null;
        var post = HttpMethods.IsPost(request.Method);
        return path[(basePath.Length + 1)..].Split('/') switch
        {
            ["files"] => post ? Place.Of(BatchVerb.CreateFile, HttpMethods.Post) : Place.Of(BatchVerb.ListFiles, HttpMethods.Get),
            ["files", { Length: > 0 } id] => HttpMethods.IsDelete(request.Method)
                ? Place.Of(BatchVerb.DeleteFile, HttpMethods.Delete, id)
                : Place.Of(BatchVerb.GetFile, HttpMethods.Get, id),
            ["files", { Length: > 0 } id, "content"] => Place.Of(BatchVerb.Download, HttpMethods.Get, id),
            ["batches"] => post ? Place.Of(BatchVerb.Create, HttpMethods.Post) : Place.Of(BatchVerb.List, HttpMethods.Get),
            ["batches", { Length: > 0 } id] => Place.Of(BatchVerb.Get, HttpMethods.Get, id),
            ["batches", { Length: > 0 } id, "cancel"] => Place.Of(BatchVerb.Cancel, HttpMethods.Post, id),
            _ => null,
        };
    }

    public override Task HandleAsync(BatchCall call) => call.Place.Verb switch
    {
        BatchVerb.Create => CreateAsync(call),
        BatchVerb.List => ListAsync(call),
        BatchVerb.Get => GetAsync(call),
        BatchVerb.Cancel => CancelAsync(call),
        _ => _files.HandleAsync(call),
    };

    private async Task CreateAsync(BatchCall call)
    {
        var type = call.Request.ContentType;
        if (!RequestBody.Is(type, "application/json"))
        {
            await call.Desk.RefuseAsync(call, dialect.BadContentType(type ?? ""));
            return;
        }

        var body = await RequestBody.ReadAsync(call.Context);
        var read = JsonBody.Read<CompatibleBatches, Asked>(body, static (root, to) => Asked.Read(to, root), this);
        if (read is not { } asked || asked.Error is not null)
        {
            await call.Desk.RefuseAsync(call, read?.Error ?? dialect.BadJson());
            return;
        }

        if (call.Desk.Files.Find(call.Key, asked.File) is not { } file || file.IsGenerated)
        {
            await call.Desk.RefuseAsync(call, ErrorReply.Bad($"Invalid 'input_file_id': no such File object: {asked.File}", "input_file_id", "invalid_value"));
            return;
        }

        var check = new CompatibleInputCheck(dialect, asked.Endpoint, call.Desk.Options.MaxLines ?? BatchLimits.MaxLines, call.Desk.KnownModels);
        var (run, refusal) = call.Desk.Batches.Create(new BatchOrder
        {
            Key = call.Key,
            Form = _form,
            IdPrefix = "batch_",
            Input = BatchInputReader.Read(file.Body, check),
            Name = asked.Metadata.Count > 0 ? asked.Metadata[0].Value : null,
            Metadata = asked.Metadata,
            InputFile = file.Id,
            Endpoint = asked.Endpoint,
            Window = asked.Window,
            ExpiresAfter = asked.WindowSpan,
            KeepsOutput = asked.KeepsOutput,
        });
        if (run is null) await call.Desk.RefuseAsync(call, refusal!);
        else await call.Desk.SendMadeAsync(call, "batch_create", SimulatorBatchFault.LostCreate, Body(call, run));
    }

    private Task GetAsync(BatchCall call) => call.Desk.Batches.Find(call.Key, call.Place.Subject) is { } run
        ? call.Desk.SendAsync(call, "batch_get", Body(call, run))
        : call.Desk.RefuseAsync(call, NoBatch(call.Place.Subject));

    private Task CancelAsync(BatchCall call)
    {
        if (call.Desk.Batches.Find(call.Key, call.Place.Subject) is not { } run) return call.Desk.RefuseAsync(call, NoBatch(call.Place.Subject));
        var now = call.Desk.Batches.Now;
        if (run.Cancel(now)) return call.Desk.SendAsync(call, "batch_cancel", Body(call, run));
        var word = JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Advance(now).ToString());
        return call.Desk.RefuseAsync(call, new ErrorReply(409, $"Cannot cancel a batch with status '{word}'.", "invalid_request_error"));
    }

    private Task ListAsync(BatchCall call)
    {
        var all = call.Desk.Batches.List(call.Key);
        var (from, count, error) = CompatiblePages.Read(dialect, call, Page, LongestPage, after => all.ToList().FindIndex(r => r.Id == after));
        if (error is not null) return call.Desk.RefuseAsync(call, error);
        var shown = all.Skip(from).Take(count).ToList();
        return call.Desk.SendAsync(call, "batch_list", CompatiblePages.Write(
            shown, r => r.Id, (writer, run) => CompatibleBatchBody.Write(writer, run, call.Desk.Batches.Now), from + shown.Count < all.Count));
    }

    private static ReadOnlyMemory<byte> Body(BatchCall call, BatchRun run) =>
        Json.Bytes(writer => CompatibleBatchBody.Write(writer, run, call.Desk.Batches.Now));

    private static ErrorReply NoBatch(string id) => new(404, $"No batch found with id '{id}'.", "invalid_request_error");

    /// <summary>Groq takes any time from a day to a week.</summary>
    private (TimeSpan Span, ErrorReply? Error) Window(string text)
    {
        if (text == "24h") return (TimeSpan.FromHours(24), null);
        var match = WindowText().Match(text);
        if (!limits.LongWindows || !match.Success) return (default, dialect.BadChoice("completion_window", text, ["24h"]));
        var number = int.Parse(match.Groups["n"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
        var span = match.Groups["unit"].Value == "d" ? TimeSpan.FromDays(number) : TimeSpan.FromHours(number);
        return span < TimeSpan.FromHours(24) || span > TimeSpan.FromDays(7)
            ? (default, ErrorReply.Bad($"'completion_window' : must be a duration from 24h to 7d, got {text}", "completion_window"))
            : (span, null);
    }

    [GeneratedRegex(@"^(?<n>\d{1,3})(?<unit>h|d)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WindowText();

    /// <summary>What a request to create a batch holds.</summary>
    private readonly record struct Asked(ErrorReply? Error)
    {
        /// <summary>Of those that the specification lists, the one that the simulator knows is the chats'.</summary>
        private const string Chats = "/v1/chat/completions";

        private const int MostMetadata = 16, LongestName = 64, LongestValue = 512, ShortestKeep = 3600, LongestKeep = 2_592_000;

        private static readonly string[] s_endpoints =
        [
            "/v1/responses", Chats, "/v1/embeddings", "/v1/completions", "/v1/moderations", "/v1/images/generations", "/v1/images/edits", "/v1/videos",
        ];

        private static readonly Dictionary<string, FieldRule> s_fields = new(StringComparer.Ordinal)
        {
            ["input_file_id"] = FieldRule.Text,
            ["endpoint"] = FieldRule.Text,
            ["completion_window"] = FieldRule.Text,
            ["metadata"] = FieldRule.Map,
            ["output_expires_after"] = FieldRule.Map,
        };

        private static readonly Dictionary<string, FieldRule> s_keep = new(StringComparer.Ordinal)
        {
            ["anchor"] = FieldRule.Choice("created_at"),
            ["seconds"] = FieldRule.Integer(ShortestKeep, LongestKeep),
        };

        public string File { get; private init; } = "";

        public string Endpoint { get; private init; } = "";

        public string Window { get; private init; } = "";

        public TimeSpan WindowSpan { get; private init; }

        public TimeSpan? KeepsOutput { get; private init; }

        public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; private init; } = [];

        public static Asked Read(CompatibleBatches at, JsonElement root)
        {
            var dialect = at.Dialect;
            var wrong = FieldCheck.Check(dialect, s_fields, root)
                ?? FieldCheck.Required(dialect, root, "", "input_file_id", "endpoint", "completion_window");
            if (wrong is not null) return new Asked(wrong);
            var endpoint = root.GetProperty("endpoint").GetString()!;
            if (endpoint != Chats)
            {
                var known = at.Limits.OnlyChats ? [Chats] : s_endpoints;
                return new Asked(known.Contains(endpoint, StringComparer.Ordinal) ? dialect.NotSimulated("endpoint") : dialect.BadChoice("endpoint", endpoint, known));
            }

            var window = root.GetProperty("completion_window").GetString()!;
            var (span, mistake) = at.Window(window);
            if (mistake is not null) return new Asked(mistake);
            TimeSpan? keeps = null;
            if (Json.Has(root, "output_expires_after", out var keep))
            {
                wrong = FieldCheck.Check(dialect, s_keep, keep, "output_expires_after") ?? FieldCheck.Required(dialect, keep, "output_expires_after", "anchor", "seconds");
                if (wrong is not null) return new Asked(wrong);
                keeps = TimeSpan.FromSeconds(Json.Integer(keep, "seconds")!.Value);
            }

            var (metadata, flaw) = Pairs(dialect, root);
            return flaw is not null ? new Asked(flaw) : new Asked
            {
                File = root.GetProperty("input_file_id").GetString()!,
                Endpoint = endpoint,
                Window = window,
                WindowSpan = span,
                KeepsOutput = keeps,
                Metadata = metadata,
            };
        }

        private static (List<KeyValuePair<string, string>> Pairs, ErrorReply? Error) Pairs(CompatibleDialect dialect, JsonElement root)
        {
            var pairs = new List<KeyValuePair<string, string>>();
            if (!Json.Has(root, "metadata", out var metadata)) return (pairs, null);
            foreach (var field in metadata.EnumerateObject())
            {
                var path = $"metadata.{field.Name}";
                if (field.Name.Length > LongestName) return (pairs, dialect.TooLong(path, LongestName, field.Name.Length));
                if (field.Value.ValueKind != JsonValueKind.String) return (pairs, dialect.WrongType(path, "a string", Json.TypeName(field.Value)));
                var value = field.Value.GetString()!;
                if (value.Length > LongestValue) return (pairs, dialect.TooLong(path, LongestValue, value.Length));
                pairs.Add(new(field.Name, value));
            }

            return pairs.Count <= MostMetadata ? (pairs, null) : (pairs, ErrorReply.Bad(
                $"Invalid 'metadata': too many properties. Expected an object with at most {MostMetadata} properties, but got an object with "
                + $"{pairs.Count} properties instead.",
                "metadata",
                "object_above_max_properties"));
        }
    }

    private CompatibleDialect Dialect => dialect;

    private BatchLimits Limits => limits;
}

/// <summary>What differs between OpenAI's batches and Groq's.</summary>
/// <param name="MaxBytes">Of one file.</param>
/// <param name="Organization">The account as errors name it.</param>
/// <param name="LongWindows">True when a window may be longer than a day.</param>
/// <param name="OnlyChats">True when there are no other endpoints.</param>
internal sealed record BatchLimits(long MaxBytes, string Organization, bool LongWindows, bool OnlyChats)
{
    /// <summary>Requests in one file.</summary>
    public const int MaxLines = 50_000;

    public static BatchLimits OpenAi { get; } = new(200_000_000, "org-simulated", LongWindows: false, OnlyChats: false);

    public static BatchLimits Groq { get; } = new(100_000_000, "org_simulated", LongWindows: true, OnlyChats: true);
}
